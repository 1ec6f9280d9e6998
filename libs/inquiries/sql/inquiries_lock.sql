-- Holds one inquiry that the actor may see for a change. $1 bigint id, $2 bigint actor, $3 boolean whether the actor is an admin
SELECT i.id, i.version FROM inquiries i
WHERE i.id = $1::bigint AND inquiry_is_visible(i, $2::bigint, $3::boolean)
FOR UPDATE
