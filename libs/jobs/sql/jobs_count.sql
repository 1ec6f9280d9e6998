-- How many jobs fit. $1 text status, $2 text kind (NULL = any)
SELECT count(*) AS total
FROM jobs
WHERE ($1::text IS NULL OR status = $1::text)
  AND ($2::text IS NULL OR kind = $2::text)
