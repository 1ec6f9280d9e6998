-- Parts still to be embedded for a model, in order. $1 text model, $2 timestamptz vectors made before this do not count
-- (NULL = all do), $3 bigint entries from this one on, $4 bigint rows
SELECT p.faq_id AS id, p.part, p.text
FROM faq_parts p
WHERE p.faq_id >= $3::bigint
  AND NOT EXISTS (SELECT 1 FROM faq_embeddings e WHERE e.faq_id = p.faq_id AND e.part = p.part AND e.model = $1::text
                                                   AND e.content_hash = p.content_hash
                                                   AND ($2::timestamptz IS NULL OR e.created_at >= $2::timestamptz))
ORDER BY p.faq_id, p.part
LIMIT $4::bigint
