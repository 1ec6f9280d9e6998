-- Takes the next due job for a worker; no row = nothing to do. What a dead worker left is queued again by the same statement
-- (and taken by the next one), or given up after its last attempt.
-- $1 text worker, $2 bigint seconds it is taken for, $3 text kinds that are known (comma separated)
WITH left_behind AS (
    UPDATE jobs
    SET status = CASE WHEN attempts < max_attempts OR rerun THEN 'queued' ELSE 'failed' END,
        attempts = CASE WHEN rerun THEN 0 ELSE attempts END, rerun = false, run_at = now(), locked_by = NULL,
        locked_until = NULL, last_error = 'the worker that ran it is gone', updated_at = now()
    WHERE id IN (SELECT id FROM jobs WHERE status = 'running' AND locked_until < now() FOR UPDATE SKIP LOCKED)
), due AS (
    SELECT id FROM jobs
    WHERE status = 'queued' AND run_at <= now() AND kind = ANY (string_to_array($3::text, ','))
    ORDER BY run_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
UPDATE jobs j
SET status = 'running', attempts = j.attempts + 1, rerun = false, locked_by = $1::text,
    locked_until = now() + make_interval(secs => $2::bigint), updated_at = now()
FROM due
WHERE j.id = due.id
RETURNING j.id, j.kind, j.payload, j.progress, j.attempts
