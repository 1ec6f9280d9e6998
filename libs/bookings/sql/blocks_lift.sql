-- Gives nights back, with its record. $1 bigint property, $2 bigint block, $3 bigint actor, $4 text request id
WITH moved AS (
    UPDATE bookings b
    SET status = 'cancelled', cancelled_at = now(), cancelled_by = $3::bigint, updated_at = now(), version = b.version + 1
    WHERE b.id = $2::bigint AND b.property_id = $1::bigint AND b.kind = 'block' AND b.status = 'blocked'
    RETURNING b.id
), event AS (
    INSERT INTO booking_events (booking_id, from_status, to_status, actor_id, actor_kind)
    SELECT m.id, 'blocked', 'cancelled', $3::bigint, 'user' FROM moved m
), audited AS (
    INSERT INTO audit_log (actor_id, actor_kind, action, entity, entity_id, request_id)
    SELECT $3::bigint, 'user', 'booking.unblock', 'booking', m.id, $4::text FROM moved m
)
SELECT count(*) AS total FROM moved
