-- Published entries. $1 text locale, $2 text category slug (NULL = any), $3 text tag (NULL = any)
SELECT count(*) AS total
FROM faq_documents d JOIN faq_categories c ON c.id = d.category_id
WHERE d.status = 'published' AND d.locale = $1::text
  AND ($2::text IS NULL OR c.slug = $2::text)
  AND ($3::text IS NULL OR $3::text = ANY (d.tags))
