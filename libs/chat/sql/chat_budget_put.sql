-- The budgets as one; limits that are no longer there go, and of the others a question that waits sees the new ones. $1 bigint of the
-- product a day, $2 bigint a month, $3 bigint of a user a day, $4 bigint of a guest a day (NULL = no limit), $5 text on_exceed,
-- $6 bigint alert_pct, $7 bigint version
WITH wanted AS (
    SELECT x.* FROM (VALUES ('product', $1::bigint, $2::bigint), ('user', $3::bigint, NULL), ('guest', $4::bigint, NULL)) AS x (scope, daily, monthly)
    WHERE x.daily IS NOT NULL OR x.monthly IS NOT NULL
), gone AS (
    DELETE FROM budgets b WHERE b.scope NOT IN (SELECT w.scope FROM wanted w)
)
INSERT INTO budgets (scope, daily_microusd, monthly_microusd, on_exceed, alert_pct, version)
SELECT w.scope, w.daily, w.monthly, $5::text, $6::bigint, $7::bigint FROM wanted w ORDER BY w.scope
ON CONFLICT (scope) DO UPDATE SET
    daily_microusd = excluded.daily_microusd, monthly_microusd = excluded.monthly_microusd, on_exceed = excluded.on_exceed,
    alert_pct = excluded.alert_pct, version = excluded.version, alerted_on = NULL, updated_at = now()
