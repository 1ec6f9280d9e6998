-- Who has nights of a property. $1 bigint property, $2 bigint first day, $3 bigint day after the last
SELECT b.id, (lower(b.stay) - date '1970-01-01')::bigint AS from_day, (upper(b.stay) - date '1970-01-01')::bigint AS to_day,
       CASE WHEN b.status IN ('hold', 'blocked') THEN b.status ELSE 'booked' END AS status
FROM bookings b
WHERE b.property_id = $1::bigint AND upper(b.stay) > date '1970-01-01' + $2::bigint::int AND lower(b.stay) < date '1970-01-01' + $3::bigint::int
  AND b.status IN ('hold', 'pending', 'confirmed', 'blocked') AND (b.status <> 'hold' OR b.hold_expires_at > now())
