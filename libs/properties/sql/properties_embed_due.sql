-- Texts whose vector is missing or of an older text, by property. $1 text model, $2 bigint from this property,
-- $3 bigint to this one, $4 bigint rows
SELECT t.property_id, t.locale, t.text
FROM property_parts t
LEFT JOIN property_embeddings e ON e.property_id = t.property_id AND e.locale = t.locale AND e.model = $1::text
WHERE t.property_id BETWEEN $2::bigint AND $3::bigint AND e.content_hash IS DISTINCT FROM t.content_hash
ORDER BY t.property_id, t.locale
LIMIT $4::bigint
