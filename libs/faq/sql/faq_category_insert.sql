-- A new category. $1 jsonb columns (slug, name, position)
INSERT INTO faq_categories (slug, name, position)
SELECT r.slug, r.name, coalesce(r.position, 0) FROM jsonb_populate_record(NULL::faq_categories, $1::jsonb) r
RETURNING id
