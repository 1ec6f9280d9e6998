-- Keeps the vector of one text of a property. $1 bigint property, $2 text locale, $3 text model, $4 bytea hash of the text,
-- $5 vector
INSERT INTO property_embeddings (property_id, locale, model, dims, content_hash, embedding)
SELECT p.id, $2::text, $3::text, vector_dims($5::vector), $4::bytea, $5::vector
FROM properties p WHERE p.id = $1::bigint
ON CONFLICT (property_id, locale, model) DO UPDATE
    SET dims = EXCLUDED.dims, content_hash = EXCLUDED.content_hash, embedding = EXCLUDED.embedding, created_at = now()
