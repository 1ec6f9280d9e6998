-- Queues a job that was given up once more; no row = it was not. Audited. $1 bigint id, $2 bigint actor, $3 text request id
WITH again AS (
    UPDATE jobs SET status = 'queued', attempts = 0, run_at = now(), updated_at = now()
    WHERE id = $1::bigint AND status = 'failed'
    RETURNING id, kind, status, attempts, max_attempts, dedupe_key, progress, last_error, run_at, locked_until, created_at,
              updated_at
), audited AS (
    INSERT INTO audit_log (actor_id, actor_kind, action, entity, entity_id, after, request_id)
    SELECT $2::bigint, 'user', 'job.retry', 'job', id, jsonb_build_object('kind', kind), $3::text FROM again
)
SELECT * FROM again
