-- Holds one property for a change. $1 bigint id
SELECT p.id, p.version, p.status, p.created_by, p.agent_id, p.price_minor, p.currency, p.default_locale,
       p.lat IS NOT NULL AS has_location,
       EXISTS (SELECT 1 FROM property_images i WHERE i.property_id = p.id) AS has_image
FROM properties p
WHERE p.id = $1::bigint
FOR UPDATE
