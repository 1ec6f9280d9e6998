-- Parts of published entries whose vector is missing or of another text, and of all entries that have one too many.
-- $1 text model, $2 bigint entry (NULL = all), $3 bigint entries at most
WITH stale AS (
    SELECT d.id
    FROM faq_documents d
    WHERE d.status = 'published' AND ($2::bigint IS NULL OR d.id = $2::bigint)
      AND (EXISTS (SELECT FROM faq_parts p LEFT JOIN faq_embeddings e ON e.faq_id = p.faq_id AND e.part = p.part AND e.model = $1::text
                   WHERE p.faq_id = d.id AND e.content_hash IS DISTINCT FROM p.content_hash)
           OR EXISTS (SELECT FROM faq_embeddings e LEFT JOIN faq_parts p ON p.faq_id = e.faq_id AND p.part = e.part
                      WHERE e.faq_id = d.id AND e.model = $1::text AND p.faq_id IS NULL))
    ORDER BY d.id
    LIMIT $3::bigint
)
SELECT p.faq_id, p.part, p.text, encode(p.content_hash, 'hex') AS content_hash
FROM stale s JOIN faq_parts p ON p.faq_id = s.id
ORDER BY p.faq_id, p.part
