-- How a version did the last time. $1 bigint version
SELECT e.passed, e.failed FROM eval_runs e WHERE e.prompt_version = $1::bigint ORDER BY e.id DESC LIMIT 1
