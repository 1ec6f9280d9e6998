-- The budgets as one. $1 bigint of the product a day, $2 bigint a month, $3 bigint of a user a day, $4 bigint of a guest a day
-- (NULL = no limit), $5 text on_exceed, $6 bigint alert_pct, $7 bigint version
INSERT INTO budgets (scope, daily_microusd, monthly_microusd, on_exceed, alert_pct, version)
SELECT x.scope, x.daily, x.monthly, $5::text, $6::bigint, $7::bigint
FROM (VALUES ('product', $1::bigint, $2::bigint), ('user', $3::bigint, NULL), ('guest', $4::bigint, NULL)) AS x (scope, daily, monthly)
WHERE x.daily IS NOT NULL OR x.monthly IS NOT NULL
