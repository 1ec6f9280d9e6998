-- Drops vectors of texts that are gone and of archived properties. $1 bigint from this property, $2 bigint to this one
DELETE FROM property_embeddings e
WHERE e.property_id BETWEEN $1::bigint AND $2::bigint
  AND (NOT EXISTS (SELECT 1 FROM property_texts t WHERE t.property_id = e.property_id AND t.locale = e.locale)
       OR EXISTS (SELECT 1 FROM properties p WHERE p.id = e.property_id AND p.status = 'archived'))
