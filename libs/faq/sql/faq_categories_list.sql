-- All categories with what is published in a locale. $1 text locale
SELECT c.id, c.slug, coalesce(c.name ->> $1::text, c.name ->> 'en', c.slug) AS name, c.position,
       (SELECT count(*) FROM faq_documents d WHERE d.category_id = c.id AND d.status = 'published' AND d.locale = $1::text) AS count
FROM faq_categories c
ORDER BY c.position, c.id
