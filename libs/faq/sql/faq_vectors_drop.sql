-- Removes the vectors of parts that an entry no longer has; of an archived one, all. $1 bigint id
DELETE FROM faq_embeddings e
WHERE e.faq_id = $1::bigint
  AND NOT EXISTS (SELECT 1 FROM faq_parts p WHERE p.faq_id = e.faq_id AND p.part = e.part)
