-- Gives a key back: its run failed before a reply worth keeping.
-- $1 text principal, $2 text route, $3 text key
DELETE FROM idempotency_keys
WHERE principal = $1::text AND route = $2::text AND key = $3::text AND status = 'running'
