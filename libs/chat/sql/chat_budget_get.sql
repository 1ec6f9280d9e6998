-- The budgets as one; no row: none is set.
SELECT p.daily_microusd, p.monthly_microusd,
       (SELECT u.daily_microusd FROM budgets u WHERE u.scope = 'user') AS per_user_daily_microusd,
       (SELECT g.daily_microusd FROM budgets g WHERE g.scope = 'guest') AS per_guest_daily_microusd,
       x.on_exceed, x.alert_pct, x.version
FROM (SELECT max(b.version) AS version, max(b.on_exceed) AS on_exceed, max(b.alert_pct) AS alert_pct FROM budgets b HAVING count(*) > 0) x
     LEFT JOIN budgets p ON p.scope = 'product'
