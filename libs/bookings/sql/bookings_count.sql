-- How many fit. Parameters as of bookings_list, $1 to $7
SELECT count(*) AS total FROM bookings b
WHERE b.kind = 'stay' AND booking_is_visible(b, $1::bigint, $2::boolean, $3::boolean)
  AND ($4::text IS NULL OR b.status = $4::text)
  AND ($5::bigint IS NULL OR b.property_id = $5::bigint)
  AND ($6::text IS NULL OR upper(b.stay) > $6::text::date)
  AND ($7::text IS NULL OR lower(b.stay) < $7::text::date)
