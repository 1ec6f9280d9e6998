-- No row: unknown, or nothing for the public. $1 bigint property, $2 boolean whether the viewer is staff
SELECT id FROM properties WHERE id = $1::bigint AND (status = 'active' OR $2::boolean)
