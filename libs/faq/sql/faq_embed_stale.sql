-- Parts whose vector is missing or of another text. $1 text model, $2 bigint entry (NULL = all), $3 bigint entries at most
WITH stale AS (
    SELECT p.faq_id, p.part, p.text, encode(p.content_hash, 'hex') AS content_hash
    FROM faq_parts p
    WHERE ($2::bigint IS NULL OR p.faq_id = $2::bigint)
      AND NOT EXISTS (SELECT FROM faq_embeddings e WHERE e.faq_id = p.faq_id AND e.part = p.part AND e.model = $1::text
                                                     AND e.content_hash = p.content_hash)
)
SELECT s.faq_id, s.part, s.text, s.content_hash
FROM stale s
WHERE s.faq_id IN (SELECT DISTINCT n.faq_id FROM stale n ORDER BY n.faq_id LIMIT $3::bigint)
ORDER BY s.faq_id, s.part
