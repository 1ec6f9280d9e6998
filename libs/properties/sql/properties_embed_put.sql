-- Keeps the vector of a text; a property or text that is gone meanwhile gets none. $1 bigint property, $2 text locale,
-- $3 text model, $4 vector, $5 bytea SHA-256 of the text it was made of
INSERT INTO property_embeddings AS e (property_id, locale, model, dims, content_hash, embedding)
SELECT t.property_id, t.locale, $3::text, vector_dims($4::vector), $5::bytea, $4::vector
FROM property_texts t JOIN properties p ON p.id = t.property_id
WHERE t.property_id = $1::bigint AND t.locale = $2::text AND p.status <> 'archived'
ON CONFLICT (property_id, locale, model) DO UPDATE
    SET dims = EXCLUDED.dims, content_hash = EXCLUDED.content_hash, embedding = EXCLUDED.embedding, created_at = now()
