-- Applies a merge patch (absent = unchanged) and counts the version on. $1 bigint id, $2 jsonb columns
UPDATE faq_categories c
SET (slug, name, position) = (SELECT r.slug, r.name, r.position FROM jsonb_populate_record(c, $2::jsonb) r),
    updated_at = now(),
    version = c.version + 1
WHERE c.id = $1::bigint
