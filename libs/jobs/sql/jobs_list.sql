-- A page of jobs, newest first. $1 text status, $2 text kind (NULL = any), $3 bigint id of the last row of the page before
-- (0 = first page), $4 bigint rows
SELECT id, kind, status, attempts, max_attempts, dedupe_key, progress, last_error, run_at, locked_until, created_at, updated_at
FROM jobs
WHERE ($1::text IS NULL OR status = $1::text)
  AND ($2::text IS NULL OR kind = $2::text)
  AND ($3::bigint = 0 OR id < $3::bigint)
ORDER BY id DESC
LIMIT $4::bigint
