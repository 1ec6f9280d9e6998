-- What a search shows, in the order of the ids, but for what no longer has the status asked for. $1 bigint[] ids, $2 jsonb filters:
-- distances are from near, $3 text locale, $4 boolean exact coordinates
SELECT s.*, CASE WHEN $2::jsonb ->> 'near_lat' IS NOT NULL THEN distance_km(p.lat, p.lng, ($2::jsonb ->> 'near_lat')::float8,
                                                                              ($2::jsonb ->> 'near_lng')::float8) END AS distance_km
FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (id, n)
JOIN properties p ON p.id = wanted.id, property_summary(p, $3::text, $4::boolean) s
WHERE $2::jsonb ->> 'status' IS NULL OR p.status = $2::jsonb ->> 'status'
ORDER BY wanted.n
