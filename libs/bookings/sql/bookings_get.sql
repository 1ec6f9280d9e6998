-- One stay that the reader may see. $1 bigint id, $2 bigint reader, $3 boolean agent, $4 boolean admin
SELECT s.* FROM bookings b, booking_shown(b) s
WHERE b.id = $1::bigint AND b.kind = 'stay' AND booking_is_visible(b, $2::bigint, $3::boolean, $4::boolean)
