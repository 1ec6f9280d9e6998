-- Holds whose time is over no longer keep their nights. $1 bigint property (NULL = all), $2 bigint at most so many
WITH due AS (
    SELECT b.id FROM bookings b
    WHERE b.status = 'hold' AND b.hold_expires_at <= now() AND ($1::bigint IS NULL OR b.property_id = $1::bigint)
    ORDER BY b.id
    LIMIT $2::bigint
    FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE bookings b SET status = 'expired', hold_expires_at = NULL, updated_at = now(), version = b.version + 1
    FROM due WHERE b.id = due.id
    RETURNING b.id
), event AS (
    INSERT INTO booking_events (booking_id, from_status, to_status, actor_kind)
    SELECT m.id, 'hold', 'expired', 'system' FROM moved m
), audited AS (
    INSERT INTO audit_log (actor_kind, action, entity, entity_id, after)
    SELECT 'system', 'booking.expired', 'booking', m.id, '{"status": "expired"}' FROM moved m
)
SELECT count(*) AS total FROM moved
