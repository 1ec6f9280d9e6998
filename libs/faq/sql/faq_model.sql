-- The model whose vectors are searched.
SELECT embedding_model() AS model
