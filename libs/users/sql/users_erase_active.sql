-- How many stays of a person are not over. $1 bigint user
SELECT count(*) AS total FROM bookings b
WHERE b.user_id = $1::bigint AND b.kind = 'stay'
  AND (b.status IN ('pending', 'confirmed') OR (b.status = 'hold' AND b.hold_expires_at > now()))
