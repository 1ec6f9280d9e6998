-- The model whose vectors are in use.
SELECT value #>> '{}' AS model FROM settings WHERE key = 'embedding_model'
