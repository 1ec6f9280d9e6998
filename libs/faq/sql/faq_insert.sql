-- A new entry. $1 jsonb columns (question, answer, category_id, locale, tags, variants, status, position; absent = the
-- column's default), $2 bigint author
INSERT INTO faq_documents (category_id, locale, question, answer, tags, variants_text, status, position, updated_by, published_at)
SELECT r.category_id, r.locale, r.question, coalesce(r.answer, ''), coalesce(r.tags, '{}'),
       array_to_string(ARRAY(SELECT v.value FROM jsonb_array_elements_text(coalesce($1::jsonb -> 'variants', '[]'))
                             WITH ORDINALITY AS v (value, n) ORDER BY v.n), E'\n'),
       coalesce(r.status, 'published'), coalesce(r.position, 0), $2::bigint,
       CASE WHEN coalesce(r.status, 'published') = 'published' THEN now() END
FROM jsonb_populate_record(NULL::faq_documents, $1::jsonb) r
RETURNING id
