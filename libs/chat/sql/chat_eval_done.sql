-- How a version did. $1 bigint version, $2 bigint passed, $3 bigint failed, $4 jsonb cases
INSERT INTO eval_runs (prompt_version, passed, failed, results) VALUES ($1::bigint, $2::bigint, $3::bigint, $4::jsonb)
