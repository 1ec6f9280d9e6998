-- What is like the query in meaning and in words among what fits the filters, fused and best first.
-- $1 jsonb filters, $2 bigint so many are compared one by one, $3 text words of the query, $4 vector of it (NULL = no vector leg),
-- $5 text its model, $6 boolean find by words, $7 text fusion, $8 float8 weight of the vector leg, $9 float8 of the keyword leg,
-- $10 float8 k, $11 bigint rows
WITH fitting AS MATERIALIZED (
    SELECT properties_fitting($1::jsonb, $2::bigint::int) AS ids
), vec AS MATERIALIZED (
    SELECT v.id, v.cosine
    FROM fitting, properties_vector_leg($1::jsonb, fitting.ids, $4::vector, $5::text) v
    WHERE $4::vector IS NOT NULL AND v.cosine <> 'NaN'
), kw AS MATERIALIZED (
    SELECT k.id, max(k.s) AS s, bool_or(k.strict) AS strict, bool_or(k.alike) AS alike
    FROM fitting, properties_keyword_leg($1::jsonb, fitting.ids, (SELECT array_agg(vec.id) FROM vec), $3::text) k
    WHERE $6::boolean
    GROUP BY k.id
    ORDER BY 2 DESC, 1
    LIMIT 50
), legs AS (
    SELECT (SELECT array_agg(vec.id) FROM vec) AS vector_ids, (SELECT array_agg(vec.cosine) FROM vec) AS vector_scores,
           (SELECT array_agg(kw.id) FROM kw) AS keyword_ids, (SELECT array_agg(kw.s) FROM kw) AS keyword_scores,
           (SELECT array_agg(kw.strict) FROM kw) AS keyword_strict
), best AS MATERIALIZED (
    SELECT x.*
    FROM legs l, search_fused(l.vector_ids, l.vector_scores, l.keyword_ids, l.keyword_scores, l.keyword_strict,
                              $7::text, $8::float8, $9::float8, $10::float8) x
    ORDER BY x.score DESC, x.id
    LIMIT $11::bigint
)
SELECT b.id, b.score, b.source, b.cosine AS "scores.vector", b.keyword AS "scores.keyword", b.strict,
       coalesce((SELECT kw.alike FROM kw WHERE kw.id = b.id), false) AS alike,
       (SELECT string_agg(t.title || E'\n' || t.description, E'\n') FROM property_texts t
        WHERE t.property_id = b.id) AS text
FROM best b
ORDER BY b.score DESC, b.id
