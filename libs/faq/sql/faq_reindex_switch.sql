-- From now on searches use this model, if every text has a vector of it. $1 text model
UPDATE settings s SET value = to_jsonb($1::text), updated_at = now(), version = s.version + 1
WHERE s.key = 'embedding_model'
  AND NOT EXISTS (SELECT 1 FROM faq_parts p
                  WHERE NOT EXISTS (SELECT 1 FROM faq_embeddings e WHERE e.faq_id = p.faq_id AND e.part = p.part
                                                                     AND e.model = $1::text AND e.content_hash = p.content_hash))
  AND NOT EXISTS (SELECT 1 FROM property_parts p
                  WHERE NOT EXISTS (SELECT 1 FROM property_embeddings e WHERE e.property_id = p.property_id AND e.locale = p.locale
                                                                          AND e.model = $1::text AND e.content_hash = p.content_hash))
