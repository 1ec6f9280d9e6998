-- Sums over all. $1 date from, $2 date to (included)
SELECT coalesce(sum(d.calls), 0) AS calls, coalesce(sum(d.prompt_tokens), 0) AS prompt_tokens,
       coalesce(sum(d.completion_tokens), 0) AS completion_tokens,
       CASE WHEN coalesce(sum(d.unpriced), 0) = 0 THEN coalesce(sum(d.cost_microusd), 0) END AS cost_microusd,
       coalesce(sum(d.errors), 0) AS errors, coalesce(sum(d.fallbacks), 0) AS fallbacks,
       coalesce(array_agg(DISTINCT d.model) FILTER (WHERE d.unpriced > 0), '{}') AS unpriced_models
FROM usage_daily d
WHERE d.day BETWEEN $1::date AND $2::date
