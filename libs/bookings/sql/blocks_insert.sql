-- Keeps nights for the host, with its record; no row when somebody has one of them. $1 bigint property, $2 text first night,
-- $3 text day after the last, $4 text reason, $5 bigint actor, $6 text request id
WITH made AS (
    INSERT INTO bookings (property_id, kind, status, stay, block_reason)
    VALUES ($1::bigint, 'block', 'blocked', daterange($2::text::date, $3::text::date), $4::text)
    ON CONFLICT ON CONSTRAINT bookings_no_overlap DO NOTHING
    RETURNING *
), event AS (
    INSERT INTO booking_events (booking_id, to_status, actor_id, actor_kind, reason)
    SELECT m.id, m.status, $5::bigint, 'user', m.block_reason FROM made m
), audited AS (
    INSERT INTO audit_log (actor_id, actor_kind, action, entity, entity_id, after, request_id)
    SELECT $5::bigint, 'user', 'booking.block', 'booking', m.id, jsonb_build_object('property_id', m.property_id, 'stay', m.stay), $6::text
    FROM made m
)
SELECT m.id, m.property_id, lower(m.stay) AS "from", upper(m.stay) AS "to", m.block_reason AS reason, m.created_at FROM made m
