-- Parts whose vector is missing or of another text, in order. $1 text model, $2 bigint entry (NULL = all), $3 bigint entries
-- from this one on, $4 bigint rows
SELECT p.faq_id, p.part, p.text, encode(p.content_hash, 'hex') AS content_hash
FROM faq_parts p
WHERE ($2::bigint IS NULL OR p.faq_id = $2::bigint)
  AND p.faq_id >= $3::bigint
  AND NOT EXISTS (SELECT FROM faq_embeddings e WHERE e.faq_id = p.faq_id AND e.part = p.part AND e.model = $1::text
                                                 AND e.content_hash = p.content_hash)
ORDER BY p.faq_id, p.part
LIMIT $4::bigint
