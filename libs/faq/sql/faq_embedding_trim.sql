-- Takes away vectors of variants that are no more. $1 bigint entry, $2 text model
DELETE FROM faq_embeddings e
WHERE e.faq_id = $1::bigint AND e.model = $2::text
  AND NOT EXISTS (SELECT FROM faq_parts p WHERE p.faq_id = e.faq_id AND p.part = e.part)
