-- A page of the list, dearest first.
-- $1 jsonb filters, $2 text sort key of the last row of the page before (NULL = first page), $3 bigint its id,
-- $4 bigint rows, $5 text locale, $6 boolean exact coordinates
SELECT s.*, CASE WHEN $1::jsonb ->> 'near_lat' IS NOT NULL THEN distance_km(p.lat, p.lng, ($1::jsonb ->> 'near_lat')::float8, ($1::jsonb ->> 'near_lng')::float8) END AS distance_km, (p.price_base_minor)::text AS sort_key
FROM properties_filtered($1::jsonb) p, property_summary(p, $5::text, $6::boolean) s
WHERE $2::text IS NULL OR (p.price_base_minor, p.id) < ($2::text::bigint, $3::bigint)
ORDER BY p.price_base_minor DESC, p.id DESC
LIMIT $4::bigint
