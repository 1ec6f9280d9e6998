-- Keeps a vector if the text is still the one it was made of.
-- $1 bigint entry, $2 bigint part, $3 text hex hash of the text, $4 text model, $5 vector
INSERT INTO faq_embeddings (faq_id, part, model, dims, content_hash, embedding)
SELECT p.faq_id, p.part, $4::text, vector_dims($5::vector), p.content_hash, $5::vector
FROM faq_parts p
WHERE p.faq_id = $1::bigint AND p.part = $2::bigint AND p.content_hash = decode($3::text, 'hex')
ON CONFLICT (faq_id, part, model) DO UPDATE SET
    dims = EXCLUDED.dims, content_hash = EXCLUDED.content_hash, embedding = EXCLUDED.embedding, created_at = now()
