-- Holds a listing let by the night that the actor works on. $1 bigint property, $2 bigint actor, $3 boolean admin
SELECT p.id FROM properties p
WHERE p.id = $1::bigint AND p.listing_type = 'short_stay' AND ($3::boolean OR p.agent_id = $2::bigint OR p.created_by = $2::bigint)
FOR NO KEY UPDATE
