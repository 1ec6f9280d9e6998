-- Stays that are over, there, are completed. $1 bigint at most so many
WITH due AS (
    SELECT b.id FROM bookings b JOIN properties p ON p.id = b.property_id
    WHERE b.status = 'confirmed' AND upper(b.stay) <= current_date + 1 AND upper(b.stay) <= property_today(p)
    ORDER BY b.id
    LIMIT $1::bigint
    FOR UPDATE OF b SKIP LOCKED
), moved AS (
    UPDATE bookings b SET status = 'completed', updated_at = now(), version = b.version + 1
    FROM due WHERE b.id = due.id
    RETURNING b.id
), event AS (
    INSERT INTO booking_events (booking_id, from_status, to_status, actor_kind)
    SELECT m.id, 'confirmed', 'completed', 'system' FROM moved m
), audited AS (
    INSERT INTO audit_log (actor_kind, action, entity, entity_id, after)
    SELECT 'system', 'booking.completed', 'booking', m.id, '{"status": "completed"}' FROM moved m
)
SELECT count(*) AS total FROM moved
