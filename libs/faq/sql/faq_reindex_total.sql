-- How much a reindex has to do. $1 text model, $2 timestamptz vectors made before this do not count (NULL = all do)
SELECT (SELECT count(*) FROM faq_parts p
        WHERE NOT EXISTS (SELECT 1 FROM faq_embeddings e WHERE e.faq_id = p.faq_id AND e.part = p.part AND e.model = $1::text
                                                           AND e.content_hash = p.content_hash
                                                           AND ($2::timestamptz IS NULL OR e.created_at >= $2::timestamptz)))
     + (SELECT count(*) FROM property_parts p
        WHERE NOT EXISTS (SELECT 1 FROM property_embeddings e WHERE e.property_id = p.property_id AND e.locale = p.locale
                                                                AND e.model = $1::text AND e.content_hash = p.content_hash
                                                                AND ($2::timestamptz IS NULL OR e.created_at >= $2::timestamptz)))
       AS total
