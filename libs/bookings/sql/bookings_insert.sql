-- Holds nights, with its record; id is NULL when somebody has one of them, or the guest holds too many stays. The listing cannot be
-- withdrawn meanwhile. $1 bigint property,
-- $2 bigint guest, $3 text check-in, $4 text check-out, $5 bigint guests, $6 bigint total, $7 text currency, $8 jsonb price,
-- $9 jsonb policy, $10 jsonb contact, $11 text note, $12 bigint minutes, $13 text request id, $14 bigint holds
-- of one guest
WITH listing AS (
    SELECT p.id FROM properties p WHERE p.id = $1::bigint AND p.status = 'active' AND p.listing_type = 'short_stay' FOR SHARE
), held AS (
    SELECT count(*) >= $14::bigint AS too_many FROM bookings b
    WHERE b.user_id = $2::bigint AND b.status = 'hold' AND b.hold_expires_at > now()
), made AS (
    INSERT INTO bookings (property_id, user_id, status, stay, guests, total_minor, currency, price, policy, contact, note, hold_expires_at)
    SELECT l.id, $2::bigint, 'hold', daterange($3::text::date, $4::text::date), $5::bigint::smallint, $6::bigint, $7::text, $8::jsonb,
           $9::jsonb, $10::jsonb, $11::text, now() + make_interval(mins => $12::bigint::int)
    FROM listing l, held h
    WHERE NOT h.too_many
    ON CONFLICT ON CONSTRAINT bookings_no_overlap DO NOTHING
    RETURNING *
), event AS (
    INSERT INTO booking_events (booking_id, to_status, actor_id, actor_kind)
    SELECT m.id, m.status, m.user_id, 'user' FROM made m
), audited AS (
    INSERT INTO audit_log (actor_id, actor_kind, action, entity, entity_id, after, request_id)
    SELECT m.user_id, 'user', 'booking.hold', 'booking', m.id,
           jsonb_build_object('status', m.status, 'property_id', m.property_id, 'stay', m.stay, 'total_minor', m.total_minor), $13::text
    FROM made m
)
SELECT EXISTS (SELECT FROM listing) AS listing_found, (SELECT h.too_many FROM held h) AS too_many, (SELECT m.id FROM made m) AS id
