-- The hottest list: what the public sees, newest first, at most narrowed to one listing type.
-- $1 text listing type (NULL = any), $2 timestamptz of the last row of the page before (NULL = first page),
-- $3 bigint its id, $4 bigint rows, $5 text locale, $6 boolean exact coordinates
SELECT s.*, NULL::float8 AS distance_km, p.published_at::text AS sort_key
FROM properties p, property_summary(p, $5::text, $6::boolean) s
WHERE p.status = 'active'
  AND ($1::text IS NULL OR p.listing_type = $1::text)
  AND ($2::text IS NULL OR (p.published_at, p.id) < ($2::text::timestamptz, $3::bigint))
ORDER BY p.published_at DESC, p.id DESC
LIMIT $4::bigint
