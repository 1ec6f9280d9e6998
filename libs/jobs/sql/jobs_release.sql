-- Gives back, as if never taken, what a worker that ends still holds. $1 text worker
UPDATE jobs
SET status = 'queued', attempts = greatest(attempts - 1, 0), run_at = now(), rerun = false, locked_by = NULL,
    locked_until = NULL, updated_at = now()
WHERE status = 'running' AND locked_by = $1::text
RETURNING id
