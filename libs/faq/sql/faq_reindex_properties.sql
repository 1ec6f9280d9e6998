-- Texts of properties still to be embedded for a model, in order. $1 text model, $2 timestamptz vectors made before this do
-- not count (NULL = all do), $3 bigint properties from this one on, $4 bigint rows
SELECT p.property_id AS id, p.locale, p.text
FROM property_parts p
WHERE p.property_id >= $3::bigint
  AND NOT EXISTS (SELECT 1 FROM property_embeddings e WHERE e.property_id = p.property_id AND e.locale = p.locale
                                                        AND e.model = $1::text AND e.content_hash = p.content_hash
                                                        AND ($2::timestamptz IS NULL OR e.created_at >= $2::timestamptz))
ORDER BY p.property_id, p.locale
LIMIT $4::bigint
