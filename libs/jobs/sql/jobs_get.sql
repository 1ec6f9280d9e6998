-- One job as admins see it. $1 bigint id
SELECT id, kind, status, attempts, max_attempts, dedupe_key, progress, last_error, run_at, locked_until, created_at, updated_at
FROM jobs
WHERE id = $1::bigint
