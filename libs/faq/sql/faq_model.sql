-- The model whose vectors are in use.
SELECT embedding_model() AS model
