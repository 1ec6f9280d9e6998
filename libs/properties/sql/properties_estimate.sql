-- About how many fit: exact up to 1000 rows; of a larger table the share among 1000 of its rows is scaled up.
-- $1 jsonb filters
WITH sample AS (
    SELECT count(*) AS looked_at, count(f.id) AS fitting
    FROM (SELECT id FROM properties LIMIT 1000) p LEFT JOIN properties_filtered($1::jsonb) f ON f.id = p.id
)
SELECT CASE WHEN s.looked_at < 1000 THEN s.fitting
            ELSE (s.fitting::float8 / s.looked_at * greatest(c.reltuples, s.looked_at))::bigint END AS total
FROM sample s, pg_class c
WHERE c.oid = 'properties'::regclass
