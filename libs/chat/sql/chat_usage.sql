-- What was spent, by day, model, feature, user or version. $1 date from, $2 date to (included), $3 text group
SELECT CASE $3::text WHEN 'day' THEN d.day::text WHEN 'model' THEN d.model WHEN 'feature' THEN d.feature
                     WHEN 'user' THEN d.user_id::text ELSE d.prompt_version::text END AS key,
       sum(d.calls) AS calls, sum(d.prompt_tokens) AS prompt_tokens, sum(d.completion_tokens) AS completion_tokens,
       CASE WHEN sum(d.unpriced) = 0 THEN sum(d.cost_microusd) END AS cost_microusd, sum(d.errors) AS errors, sum(d.fallbacks) AS fallbacks
FROM usage_daily d
WHERE d.day BETWEEN $1::date AND $2::date
GROUP BY 1
ORDER BY CASE $3::text WHEN 'day' THEN min(d.day) END, sum(d.cost_microusd) DESC, 1
LIMIT 1000
