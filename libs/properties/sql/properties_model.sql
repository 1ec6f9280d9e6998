-- The model whose vectors are searched
SELECT value #>> '{}' AS model FROM settings WHERE key = 'embedding_model'
