-- Kinds of offer and places of what the public sees, each once. $1 bigint rows
SELECT DISTINCT p.listing_type, p.province, p.city, p.district
FROM properties p
WHERE p.status = 'active'
ORDER BY p.listing_type, p.province, p.city, p.district
LIMIT $1::bigint
