-- Keeps the vectors of those parts of an entry whose text is still the one they were made of.
-- $1 bigint entry, $2 bigint[] parts, $3 text[] hex hashes of their texts, $4 text model, $5 real[] their vectors, one behind
-- the other, $6 bigint length of each
INSERT INTO faq_embeddings (faq_id, part, model, dims, content_hash, embedding)
SELECT p.faq_id, p.part, $4::text, $6::bigint, p.content_hash, ($5::real[])[(v.n - 1) * $6::bigint + 1 : v.n * $6::bigint]::vector
FROM unnest($2::bigint[], $3::text[]) WITH ORDINALITY AS v (part, hash, n)
JOIN faq_parts p ON p.faq_id = $1::bigint AND p.part = v.part AND p.content_hash = decode(v.hash, 'hex')
ON CONFLICT (faq_id, part, model) DO UPDATE SET
    dims = EXCLUDED.dims, content_hash = EXCLUDED.content_hash, embedding = EXCLUDED.embedding, created_at = now()
