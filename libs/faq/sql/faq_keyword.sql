-- The keyword leg alone, while the vector is still being made: three arrays for faq_hybrid.
-- $1 text normalised query, $2 text locale, $3 text category slug (NULL = all)
SELECT array_agg(k.id)::text AS ids, array_agg(k.s)::text AS scores, array_agg(k.strict)::text AS strict
FROM faq_keyword_leg($1::text, $2::text, $3::text) k
