-- Keeps the reply of a run.
-- $1 text principal, $2 text route, $3 text key, $4 bigint status, $5 text body
UPDATE idempotency_keys
SET status = 'done', http_status = $4::bigint, response = convert_to($5::text, 'UTF8')
WHERE principal = $1::text AND route = $2::text AND key = $3::text AND http_status IS NULL
