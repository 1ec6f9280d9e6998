-- The nearest by meaning with the same kind of offer. $1 bigint property, $2 bigint so many are compared one by one,
-- $3 text model, $4 bigint rows, $5 text locale shown, $6 boolean exact coordinates
WITH base AS MATERIALIZED (
    SELECT e.embedding, json_build_object('status', 'active', 'listing_type', p.listing_type)::jsonb AS f
    FROM properties p JOIN property_embeddings e ON e.property_id = p.id AND e.locale = p.default_locale AND e.model = $3::text
    WHERE p.id = $1::bigint
), vec AS MATERIALIZED (
    SELECT v.id, v.cosine
    FROM base, properties_vector_leg(base.f, properties_fitting(base.f, $2::bigint::int), base.embedding, $3::text) v
    WHERE v.id <> $1::bigint AND v.cosine <> 'NaN'
    ORDER BY v.cosine DESC, v.id
    LIMIT $4::bigint
)
SELECT s.*, NULL::float8 AS distance_km, greatest(0, vec.cosine) AS score
FROM vec JOIN properties p ON p.id = vec.id, property_summary(p, $5::text, $6::boolean) s
ORDER BY vec.cosine DESC, vec.id
