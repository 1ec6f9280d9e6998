-- One property. $1 bigint id, $2 text locale, $3 boolean whether the viewer is staff (sees every status and exact
-- coordinates), $4 text currency to convert the price to (NULL = none)
SELECT d.*
FROM properties p, property_details(p, $2::text, $3::boolean, $4::text) d
WHERE p.id = $1::bigint AND (p.status = 'active' OR $3::boolean)
