-- Other entries of the locale that say nearly the same: their best cosine with any part of this one. $1 bigint id, $2 vector
-- of its first part, when that is newer than what is stored (NULL = stored ones only), $3 float8 cosine above which
WITH mine AS (
    SELECT e.embedding, d.locale FROM faq_parts p
    JOIN faq_documents d ON d.id = p.faq_id
    JOIN faq_embeddings e ON e.faq_id = p.faq_id AND e.part = p.part AND e.model = embedding_model()
                         AND e.content_hash = p.content_hash
    WHERE p.faq_id = $1::bigint
    UNION ALL
    SELECT $2::vector, d.locale FROM faq_documents d WHERE d.id = $1::bigint AND $2::vector IS NOT NULL
)
SELECT d.id AS faq_id, d.question, max(1 - (e.embedding <=> m.embedding)) AS similarity
FROM mine m
JOIN faq_documents d ON d.locale = m.locale AND d.status <> 'archived' AND d.id <> $1::bigint
JOIN faq_embeddings e ON e.faq_id = d.id AND e.model = embedding_model() AND e.dims = vector_dims(m.embedding)
GROUP BY d.id, d.question
HAVING max(1 - (e.embedding <=> m.embedding)) > $3::float8
ORDER BY similarity DESC, d.id
LIMIT 5
