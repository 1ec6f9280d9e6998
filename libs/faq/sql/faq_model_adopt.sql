-- Takes another model as long as there are no vectors at all. $1 text model
UPDATE settings SET value = to_jsonb($1::text), updated_at = now()
WHERE key = 'embedding_model' AND value #>> '{}' <> $1::text
  AND NOT EXISTS (SELECT FROM faq_embeddings) AND NOT EXISTS (SELECT FROM property_embeddings)
