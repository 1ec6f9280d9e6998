-- Applies a merge patch (absent = unchanged) and counts the version on. $1 bigint id, $2 jsonb columns as of faq_insert,
-- $3 bigint author
UPDATE faq_documents d
SET (category_id, locale, question, answer, tags, status, position) =
    (SELECT r.category_id, r.locale, r.question, r.answer, r.tags, r.status, r.position
     FROM jsonb_populate_record(d, $2::jsonb) r),
    variants_text = CASE WHEN $2::jsonb ? 'variants'
                         THEN array_to_string(ARRAY(SELECT v.value FROM jsonb_array_elements_text($2::jsonb -> 'variants')
                                                    WITH ORDINALITY AS v (value, n) ORDER BY v.n), E'\n')
                         ELSE d.variants_text END,
    published_at = CASE WHEN $2::jsonb ->> 'status' = 'published' THEN coalesce(d.published_at, now()) ELSE d.published_at END,
    updated_by = $3::bigint,
    updated_at = now(),
    version = d.version + 1
WHERE d.id = $1::bigint
