-- Removes some vectors of models that are no longer in use. $1 bigint rows of each kind
WITH faqs AS (
    DELETE FROM faq_embeddings e WHERE e.ctid IN (
        SELECT o.ctid FROM faq_embeddings o WHERE o.model <> embedding_model() LIMIT $1::bigint)
    RETURNING 1
), properties AS (
    DELETE FROM property_embeddings e WHERE e.ctid IN (
        SELECT o.ctid FROM property_embeddings o WHERE o.model <> embedding_model() LIMIT $1::bigint)
    RETURNING 1
)
SELECT (SELECT count(*) FROM faqs) + (SELECT count(*) FROM properties) AS total
