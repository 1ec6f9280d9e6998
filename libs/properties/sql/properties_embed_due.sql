-- Texts whose vector is missing or of an older text, by property. $1 text model, $2 bigint from this property,
-- $3 bigint to this one, $4 bigint rows
SELECT t.property_id, t.locale, t.title || E'\n' || t.description AS text
FROM property_texts t
JOIN properties p ON p.id = t.property_id
LEFT JOIN property_embeddings e ON e.property_id = t.property_id AND e.locale = t.locale AND e.model = $1::text
WHERE t.property_id BETWEEN $2::bigint AND $3::bigint
  AND p.status <> 'archived'
  AND (e.property_id IS NULL OR e.content_hash <> sha256(convert_to(t.title || E'\n' || t.description, 'UTF8')))
ORDER BY t.property_id, t.locale
LIMIT $4::bigint
