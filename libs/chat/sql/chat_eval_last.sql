-- How a version did the last time, and how many questions there are now. $1 bigint version
SELECT e.passed, e.failed, (SELECT count(*) FROM golden_cases) AS questions FROM eval_runs e WHERE e.prompt_version = $1::bigint ORDER BY e.id DESC LIMIT 1
