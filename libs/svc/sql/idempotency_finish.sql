-- Keeps the reply of a run, sealed.
-- $1 text principal, $2 text route, $3 text key, $4 bigint status, $5 bytea body
UPDATE idempotency_keys
SET status = 'done', http_status = $4::bigint, response = $5::bytea
WHERE principal = $1::text AND route = $2::text AND key = $3::text AND http_status IS NULL
