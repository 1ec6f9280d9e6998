-- One property. $1 text slug, $2 text locale, $3 boolean whether the viewer is staff (sees every status and exact
-- coordinates), $4 text currency to convert the price to (NULL = none)
SELECT d.*
FROM properties p, property_details(p, $2::text, $3::boolean, $4::text) d
WHERE p.slug = $1::text AND (p.status = 'active' OR $3::boolean)
