-- What has to be known to move a booking on that the actor may see. $1 bigint id, $2 bigint actor, $3 boolean agent, $4 boolean admin
SELECT b.id, b.version, b.status, coalesce(b.user_id = $2::bigint, false) AS is_guest,
       $4::boolean OR ($3::boolean AND coalesce(p.agent_id = $2::bigint OR p.created_by = $2::bigint, false)) AS is_host,
       coalesce(b.hold_expires_at <= now(), false) AS hold_is_over, upper(b.stay) <= property_today(p) AS stay_is_over,
       coalesce((SELECT r.instant_book FROM rate_plans r WHERE r.property_id = p.id), true) AS instant_book,
       (lower(b.stay) - property_today(p))::bigint AS days_left, (lower(b.stay) - date '1970-01-01')::bigint AS check_in,
       (upper(b.stay) - date '1970-01-01')::bigint AS check_out, b.total_minor, b.policy
FROM bookings b JOIN properties p ON p.id = b.property_id
WHERE b.id = $1::bigint AND b.kind = 'stay' AND booking_is_visible(b, $2::bigint, $3::boolean, $4::boolean)
