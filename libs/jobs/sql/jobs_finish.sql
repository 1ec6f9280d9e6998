-- A run ended well. Asked for again meanwhile, by itself or by jobs_enqueue, it waits for its next run.
-- $1 bigint id, $2 text worker, $3 bigint attempt, $4 boolean whether it asks to run again
UPDATE jobs
SET status = CASE WHEN rerun OR $4::boolean THEN 'queued' ELSE 'done' END,
    attempts = CASE WHEN rerun OR $4::boolean THEN 0 ELSE attempts END,
    run_at = CASE WHEN rerun OR $4::boolean THEN now() ELSE run_at END,
    rerun = false, locked_by = NULL, locked_until = NULL, last_error = NULL, updated_at = now()
WHERE id = $1::bigint AND status = 'running' AND locked_by = $2::text AND attempts = $3::bigint
