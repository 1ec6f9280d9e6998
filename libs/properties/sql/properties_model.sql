-- The model whose vectors are used. While there are no vectors at all, the one wanted becomes it. $1 text model wanted
-- (NULL = any)
WITH adopted AS (
    UPDATE settings SET value = to_jsonb($1::text), updated_at = now()
    WHERE key = 'embedding_model' AND value #>> '{}' <> $1::text
      AND NOT EXISTS (SELECT FROM faq_embeddings) AND NOT EXISTS (SELECT FROM property_embeddings)
    RETURNING value #>> '{}' AS model
)
SELECT coalesce((SELECT model FROM adopted), (SELECT value #>> '{}' FROM settings WHERE key = 'embedding_model')) AS model
