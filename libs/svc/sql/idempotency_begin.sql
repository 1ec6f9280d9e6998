-- Takes an Idempotency-Key, or tells what became of it. An expired record, and one whose run never finished
-- (its process died), is taken over.
-- $1 text principal, $2 text route, $3 text key, $4 text SHA-256 of the body in hex,
-- $5 bigint seconds after which an unfinished run counts as dead
WITH taken AS (
    INSERT INTO idempotency_keys AS k (principal, route, key, body_hash, status, expires_at)
    VALUES ($1::text, $2::text, $3::text, decode($4::text, 'hex'), 'running', now() + interval '24 hours')
    ON CONFLICT (principal, route, key) DO UPDATE
        SET body_hash = excluded.body_hash, status = 'running', http_status = NULL, response = NULL,
            created_at = now(), expires_at = excluded.expires_at
        WHERE k.expires_at < now()
           OR (k.status = 'running' AND k.body_hash = excluded.body_hash
               AND k.created_at < now() - make_interval(secs => $5::bigint))
    RETURNING 1
)
SELECT 'ours' AS state, NULL::bigint AS http_status, NULL::text AS response
FROM taken
UNION ALL
SELECT CASE WHEN k.body_hash <> decode($4::text, 'hex') THEN 'reused'
            WHEN k.http_status IS NOT NULL THEN 'done'
            WHEN k.created_at >= now() - make_interval(secs => $5::bigint) THEN 'running' -- at its work, or committed and not yet replied
            ELSE 'lost' END, -- done, but its process ended before the reply was kept
       k.http_status, translate(encode(k.response, 'base64'), E'\n', '')
FROM idempotency_keys k
WHERE k.principal = $1::text AND k.route = $2::text AND k.key = $3::text
  AND NOT EXISTS (SELECT 1 FROM taken)
