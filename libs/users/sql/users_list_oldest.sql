-- A page of people, oldest first. The page before is continued from its last row, looked up again.
-- $1 text part of e-mail or name (LIKE pattern), $2 text role, $3 text status, $4 timestamptz created from,
-- $5 timestamptz created before (NULL = any), $6 bigint id of the last row (0 = first page), $7 bigint rows
SELECT u.id, u.clerk_user_id, u.email, u.email_verified, u.display_name, u.avatar_url, u.role, u.status, u.locale, u.currency,
       u.version, u.created_at, u.last_seen_at
FROM users u
WHERE ($1::text IS NULL OR u.email ILIKE $1::text OR u.display_name ILIKE $1::text)
  AND ($2::text IS NULL OR u.role = $2::text)
  AND ($3::text IS NULL OR u.status = $3::text)
  AND ($4::timestamptz IS NULL OR u.created_at >= $4::timestamptz)
  AND ($5::timestamptz IS NULL OR u.created_at < $5::timestamptz)
  AND ($6::bigint = 0 OR (u.created_at, u.id) > (SELECT l.created_at, l.id FROM users l WHERE l.id = $6::bigint))
ORDER BY u.created_at ASC, u.id ASC
LIMIT $7::bigint
