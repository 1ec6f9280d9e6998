-- In the transaction of the work: from its commit on the key is used, whatever becomes of the reply.
-- $1 text principal, $2 text route, $3 text key
UPDATE idempotency_keys SET status = 'done'
WHERE principal = $1::text AND route = $2::text AND key = $3::text AND http_status IS NULL
