-- A published entry. $1 bigint id
SELECT d.id, d.question, d.answer, c.id AS "category.id", c.slug AS "category.slug",
       coalesce(c.name ->> d.locale, c.name ->> 'en', c.slug) AS "category.name", d.locale, d.tags, d.helpful_count,
       d.not_helpful_count, d.updated_at, d.version
FROM faq_documents d JOIN faq_categories c ON c.id = d.category_id
WHERE d.id = $1::bigint AND d.status = 'published'
