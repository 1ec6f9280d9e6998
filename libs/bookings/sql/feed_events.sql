-- Nights that are kept, from some day on: no word about guests. $1 bigint property, $2 bigint day, $3 bigint at most so many
SELECT b.id, b.version - 1 AS sequence, to_char(lower(b.stay), 'YYYYMMDD') AS first_day, to_char(upper(b.stay), 'YYYYMMDD') AS end_day,
       to_char(b.updated_at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"') AS changed,
       CASE WHEN b.status IN ('hold', 'pending') THEN 'TENTATIVE' ELSE 'CONFIRMED' END AS status,
       CASE b.status WHEN 'hold' THEN 'Held' WHEN 'pending' THEN 'Requested' WHEN 'blocked' THEN 'Blocked' ELSE 'Booked' END AS summary
FROM bookings b
WHERE b.property_id = $1::bigint AND upper(b.stay) > date '1970-01-01' + $2::bigint::int
  AND (b.status IN ('pending', 'confirmed', 'completed', 'blocked') OR (b.status = 'hold' AND b.hold_expires_at > now()))
ORDER BY b.stay, b.id
LIMIT $3::bigint
