-- Queues a job that comes round, unless the last one of its kind was queued less than so long ago. $1 text kind, $2 bigint seconds
INSERT INTO jobs (kind, dedupe_key)
SELECT $1::text, $1::text
WHERE NOT EXISTS (SELECT FROM (SELECT j.created_at FROM jobs j WHERE j.kind = $1::text ORDER BY j.id DESC LIMIT 1) last
                  WHERE last.created_at > now() - make_interval(secs => $2::bigint))
ON CONFLICT (dedupe_key) WHERE status IN ('queued', 'running') DO NOTHING
