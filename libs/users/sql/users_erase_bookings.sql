-- Stays are kept for the accounts: dates, amounts and what became of them; whom to reach and what was written is not. $1 bigint user
WITH kept AS (
    UPDATE bookings SET contact = '{"name": "***", "email": "***"}', note = NULL, updated_at = now(), version = version + 1
    WHERE user_id = $1::bigint AND kind = 'stay'
    RETURNING id
)
UPDATE booking_events e SET reason = NULL FROM kept k WHERE e.booking_id = k.id AND e.reason IS NOT NULL
