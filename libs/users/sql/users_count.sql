-- How many people fit. $1 text part of e-mail or name (LIKE pattern), $2 text role, $3 text status,
-- $4 timestamptz created from, $5 timestamptz created before (NULL = any)
SELECT count(*) AS total
FROM users u
WHERE ($1::text IS NULL OR u.email ILIKE $1::text OR u.display_name ILIKE $1::text)
  AND ($2::text IS NULL OR u.role = $2::text)
  AND ($3::text IS NULL OR u.status = $3::text)
  AND ($4::timestamptz IS NULL OR u.created_at >= $4::timestamptz)
  AND ($5::timestamptz IS NULL OR u.created_at < $5::timestamptz)
