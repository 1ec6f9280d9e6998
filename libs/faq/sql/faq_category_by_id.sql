-- One category. $1 bigint id
SELECT c.id, c.slug, c.name, c.position, c.created_at, c.updated_at, c.version FROM faq_categories c WHERE c.id = $1::bigint
