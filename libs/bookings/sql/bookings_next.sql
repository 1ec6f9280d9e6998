-- When as many nights are free, nearest first, today or later. $1 bigint property, $2 bigint first day, $3 bigint day of leaving,
-- $4 bigint rows
WITH wanted AS (
    SELECT date '1970-01-01' + $2::bigint::int AS check_in, ($3::bigint - $2::bigint)::int AS nights, property_today(p) AS today
    FROM properties p WHERE p.id = $1::bigint
)
SELECT d.check_in
FROM wanted w, LATERAL (SELECT w.check_in + i AS check_in FROM generate_series(-30, 90) i) d
WHERE d.check_in >= w.today AND nights_are_free($1::bigint, daterange(d.check_in, d.check_in + w.nights))
ORDER BY abs(d.check_in - w.check_in), d.check_in
LIMIT $4::bigint
