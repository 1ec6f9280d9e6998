-- A page of entries, last changed first. NULL = any. $1 text status, $2 text locale, $3 text slug of the category,
-- $4 text part of question, variants or answer (LIKE pattern), $5 text updated_at of the last row of the page
-- before (NULL = first page), $6 bigint its id, $7 bigint rows
SELECT d.id, d.question, d.answer,
       json_build_object('id', c.id, 'slug', c.slug, 'name', coalesce(c.name ->> d.locale, c.name ->> 'en', c.slug)) AS category,
       d.locale, d.tags, d.status, d.position, d.helpful_count, d.not_helpful_count, faq_embedding_state(d.id) AS embedding,
       d.updated_by, d.published_at, d.created_at, d.updated_at, d.version, d.updated_at::text AS sort_key
FROM faq_documents d
JOIN faq_categories c ON c.id = d.category_id
WHERE ($1::text IS NULL OR d.status = $1::text)
  AND ($2::text IS NULL OR d.locale = $2::text)
  AND ($3::text IS NULL OR c.slug = $3::text)
  AND ($4::text IS NULL OR d.search_text LIKE lower($4::text))
  AND ($5::text IS NULL OR (d.updated_at, d.id) < ($5::text::timestamptz, $6::bigint))
ORDER BY d.updated_at DESC, d.id DESC
LIMIT $7::bigint
