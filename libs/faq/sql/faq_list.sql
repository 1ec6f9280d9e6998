-- A page of published entries in the order of their categories.
-- $1 text locale, $2 text category slug (NULL = any), $3 text tag (NULL = any), $4 text sort key of the last row of the page
-- before (NULL = first page), $5 bigint its id, $6 bigint rows
SELECT d.id, d.question, d.answer, c.id AS "category.id", c.slug AS "category.slug",
       coalesce(c.name ->> d.locale, c.name ->> 'en', c.slug) AS "category.name", d.locale, d.tags, d.helpful_count,
       d.not_helpful_count, d.updated_at, d.version,
       c.position || ':' || c.id || ':' || d.position AS sort_key
FROM faq_documents d JOIN faq_categories c ON c.id = d.category_id
WHERE d.status = 'published' AND d.locale = $1::text
  AND ($2::text IS NULL OR c.slug = $2::text)
  AND ($3::text IS NULL OR $3::text = ANY (d.tags))
  AND ($4::text IS NULL OR (c.position, c.id, d.position, d.id) >
       (split_part($4::text, ':', 1)::int, split_part($4::text, ':', 2)::bigint, split_part($4::text, ':', 3)::int, $5::bigint))
ORDER BY c.position, c.id, d.position, d.id
LIMIT $6::bigint
