-- Title and description in one locale; a NULL keeps what is there. $1 bigint id, $2 text locale, $3 text title,
-- $4 text description
INSERT INTO property_texts AS t (property_id, locale, title, description)
VALUES ($1::bigint, $2::text, $3::text, coalesce($4::text, ''))
ON CONFLICT (property_id, locale) DO UPDATE
    SET title = coalesce($3::text, t.title), description = coalesce($4::text, t.description)
