-- Keeps the vector of one part. $1 bigint entry, $2 int part, $3 text model, $4 bytea hash of the text, $5 vector
INSERT INTO faq_embeddings (faq_id, part, model, dims, content_hash, embedding)
SELECT d.id, $2::int, $3::text, vector_dims($5::vector), $4::bytea, $5::vector
FROM faq_documents d WHERE d.id = $1::bigint AND d.status <> 'archived'
ON CONFLICT (faq_id, part, model) DO UPDATE
    SET dims = EXCLUDED.dims, content_hash = EXCLUDED.content_hash, embedding = EXCLUDED.embedding, created_at = now()
