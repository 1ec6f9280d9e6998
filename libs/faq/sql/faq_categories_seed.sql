-- $1 jsonb array of categories (seeds/README.md); a slug that is there stays
WITH added AS (
    INSERT INTO faq_categories (slug, name, position)
    SELECT r.slug, r.name, coalesce(r.position, 0)
    FROM jsonb_to_recordset($1::jsonb) AS r (slug text, name jsonb, position int)
    ON CONFLICT (slug) DO NOTHING
    RETURNING 1
)
SELECT count(*) AS count FROM added
