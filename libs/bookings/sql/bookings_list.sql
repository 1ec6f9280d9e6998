-- A page of stays that the reader may see, newest first. $1 bigint reader, $2 boolean agent, $3 boolean admin, $4 text status,
-- $5 bigint property, $6 text from, $7 text to (NULL = any), $8 bigint last row of the page before (0 = first page), $9 bigint rows
SELECT s.* FROM bookings b, booking_shown(b) s
WHERE b.kind = 'stay' AND booking_is_visible(b, $1::bigint, $2::boolean, $3::boolean)
  AND ($4::text IS NULL OR b.status = $4::text)
  AND ($5::bigint IS NULL OR b.property_id = $5::bigint)
  AND ($6::text IS NULL OR upper(b.stay) > $6::text::date)
  AND ($7::text IS NULL OR lower(b.stay) < $7::text::date)
  AND ($8::bigint = 0 OR b.id < $8::bigint)
ORDER BY b.id DESC
LIMIT $9::bigint
