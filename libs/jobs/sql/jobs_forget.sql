-- Jobs of a kind that were done so long ago go, at most so many. $1 text kind, $2 bigint seconds, $3 bigint rows
DELETE FROM jobs d
WHERE d.id IN (SELECT j.id FROM jobs j
               WHERE j.kind = $1::text AND j.status = 'done' AND j.created_at < now() - make_interval(secs => $2::bigint)
               ORDER BY j.id LIMIT $3::bigint)
