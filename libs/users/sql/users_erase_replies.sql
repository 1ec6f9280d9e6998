-- Replies that are kept for a repeat. $1 text whose, as http names them
DELETE FROM idempotency_keys WHERE principal = $1::text
