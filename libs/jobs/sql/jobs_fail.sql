-- A run failed: it waits for the next one, or is given up after the last. Asked for again meanwhile, it starts anew.
-- $1 bigint id, $2 text worker, $3 bigint attempt, $4 bigint milliseconds to wait, $5 text why (no personal data)
UPDATE jobs
SET status = CASE WHEN attempts < max_attempts OR rerun THEN 'queued' ELSE 'failed' END,
    attempts = CASE WHEN rerun THEN 0 ELSE attempts END,
    run_at = now() + make_interval(secs => $4::bigint / 1000.0),
    rerun = false, locked_by = NULL, locked_until = NULL, last_error = $5::text, updated_at = now()
WHERE id = $1::bigint AND status = 'running' AND locked_by = $2::text AND attempts = $3::bigint
RETURNING id, status
