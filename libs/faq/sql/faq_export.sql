-- Everything but what is archived, as import takes it. $1 text locale, $2 text slug of the category (NULL = all), $3 bigint
-- rows
SELECT d.locale, c.slug AS category, d.question, d.answer, d.tags, string_to_array(d.variants_text, E'\n') AS variants,
       d.position, d.status
FROM faq_documents d
JOIN faq_categories c ON c.id = d.category_id
WHERE d.status <> 'archived'
  AND ($1::text IS NULL OR d.locale = $1::text)
  AND ($2::text IS NULL OR c.slug = $2::text)
ORDER BY c.position, c.id, d.position, d.id
LIMIT $3::bigint
