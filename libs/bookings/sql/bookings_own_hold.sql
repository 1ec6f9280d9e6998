-- What a guest holds already. $1 bigint guest, $2 bigint property, $3 text check-in, $4 text check-out
SELECT s.* FROM bookings b, booking_shown(b) s
WHERE b.user_id = $1::bigint AND b.property_id = $2::bigint AND b.stay = daterange($3::text::date, $4::text::date)
  AND b.status = 'hold' AND b.hold_expires_at > now()
