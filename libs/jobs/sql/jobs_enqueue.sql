-- Queues a job; 0 = one with this key is waiting already, or runs and will run again. The update locks that row until the
-- caller commits, so that nobody runs it before what it is about can be seen.
-- $1 text kind, $2 jsonb payload, $3 text key (NULL = none)
INSERT INTO jobs AS j (kind, payload, dedupe_key)
VALUES ($1::text, $2::jsonb, $3::text)
ON CONFLICT (dedupe_key) WHERE status IN ('queued', 'running') DO UPDATE
    SET payload = EXCLUDED.payload, rerun = j.status = 'running', run_at = least(j.run_at, now()), updated_at = now()
RETURNING CASE WHEN xmax = 0 THEN id ELSE 0 END AS id
