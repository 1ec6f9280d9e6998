-- Moves a booking on if it is as it was read, with its record; else nothing. $1 bigint id, $2 text status it has, $3 bigint version,
-- $4 text status to have, $5 bigint actor, $6 text reason, $7 bigint refund in per cent, $8 bigint refund, $9 text new day of leaving
-- (NULL = as it is), $10 text request id
WITH moved AS (
    UPDATE bookings b
    SET status = $4::text, hold_expires_at = NULL,
        stay = CASE WHEN $9::text IS NULL THEN b.stay ELSE daterange(lower(b.stay), $9::text::date) END,
        confirmed_at = CASE WHEN $4::text = 'confirmed' THEN coalesce(b.confirmed_at, now()) ELSE b.confirmed_at END,
        cancelled_at = CASE WHEN $4::text = 'cancelled' THEN now() END,
        cancelled_by = CASE WHEN $4::text = 'cancelled' THEN $5::bigint END,
        refund_pct = $7::bigint::smallint, refund_minor = $8::bigint, updated_at = now(), version = b.version + 1
    WHERE b.id = $1::bigint AND b.status = $2::text AND b.version = $3::bigint
      AND (b.hold_expires_at IS NULL OR b.hold_expires_at > now() OR $4::text = 'cancelled')
    RETURNING b.*
), event AS (
    INSERT INTO booking_events (booking_id, from_status, to_status, actor_id, actor_kind, reason)
    SELECT m.id, $2::text, m.status, $5::bigint, 'user', $6::text FROM moved m
), audited AS (
    INSERT INTO audit_log (actor_id, actor_kind, action, entity, entity_id, before, after, request_id)
    SELECT $5::bigint, 'user', CASE WHEN $9::text IS NULL THEN 'booking.' || m.status ELSE 'booking.shortened' END, 'booking', m.id,
           jsonb_build_object('status', $2::text),
           jsonb_build_object('status', m.status, 'stay', m.stay, 'refund_minor', m.refund_minor), $10::text
    FROM moved m
)
SELECT count(*) AS total FROM moved
