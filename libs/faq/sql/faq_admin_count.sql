-- How many entries the list has. NULL = any. $1 text status, $2 text locale, $3 text slug of the category, $4 text LIKE
-- pattern as in the list
SELECT count(*) AS total
FROM faq_documents d
JOIN faq_categories c ON c.id = d.category_id
WHERE ($1::text IS NULL OR d.status = $1::text)
  AND ($2::text IS NULL OR d.locale = $2::text)
  AND ($3::text IS NULL OR c.slug = $3::text)
  AND ($4::text IS NULL OR d.search_text LIKE lower($4::text))
