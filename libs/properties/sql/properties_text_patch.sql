-- Changes an existing text; a NULL keeps what is there. $1 bigint id, $2 text locale, $3 text title, $4 text description
UPDATE property_texts
SET title = coalesce($3::text, title), description = coalesce($4::text, description)
WHERE property_id = $1::bigint AND locale = $2::text
