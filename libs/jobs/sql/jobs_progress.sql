-- Keeps how far a running job is, and holds on to it. $1 bigint id, $2 bigint attempt, $3 jsonb progress,
-- $4 bigint seconds it is taken for from now
UPDATE jobs
SET progress = $3::jsonb, locked_until = now() + make_interval(secs => $4::bigint), updated_at = now()
WHERE id = $1::bigint AND status = 'running' AND attempts = $2::bigint
