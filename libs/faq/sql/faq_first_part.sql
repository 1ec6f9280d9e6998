-- What is embedded of an entry as a whole, and the model in use. $1 bigint id
SELECT p.text, embedding_model() AS model FROM faq_parts p WHERE p.faq_id = $1::bigint AND p.part = 0
