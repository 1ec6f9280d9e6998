-- Finds or creates the person behind a verified token; writes nothing when nothing changes. Last seen is kept to five
-- minutes. Two at once give one row: the second insert becomes an update.
-- $1 text Clerk user id, $2 text e-mail (NULL = unknown), $3 boolean e-mail verified, $4 text name (NULL = unknown),
-- $5 boolean make admin (only ever raises)
WITH known AS (
    SELECT u.id, u.role, u.status, u.email IS NOT NULL AS email_known,
           u.status = 'active' AND (
               u.last_seen_at IS NULL OR u.last_seen_at < now() - interval '5 minutes'
               OR ($2::text IS NOT NULL AND (u.email IS DISTINCT FROM $2::text OR u.email_verified <> $3::boolean))
               OR ($4::text IS NOT NULL AND u.display_name IS NULL)
               OR ($5::boolean AND u.role <> 'admin')) AS stale
    FROM users u WHERE u.clerk_user_id = $1::text
), created AS (
    INSERT INTO users AS u (clerk_user_id, email, email_verified, display_name, role, last_seen_at)
    SELECT $1::text, $2::text, $2::text IS NOT NULL AND $3::boolean, $4::text,
           CASE WHEN $5::boolean THEN 'admin' ELSE 'user' END, now()
    WHERE NOT EXISTS (SELECT 1 FROM known)
    ON CONFLICT (clerk_user_id) DO UPDATE SET last_seen_at = u.last_seen_at
    RETURNING u.id, u.role, u.status, u.email IS NOT NULL AS email_known
), touched AS (
    UPDATE users u
    SET last_seen_at = now(),
        email = coalesce($2::text, u.email),
        email_verified = CASE WHEN $2::text IS NULL THEN u.email_verified ELSE $3::boolean END,
        display_name = coalesce(u.display_name, $4::text),
        role = CASE WHEN $5::boolean THEN 'admin' ELSE u.role END
    FROM known k WHERE u.id = k.id AND k.stale
    RETURNING u.id, u.role, u.status, u.email IS NOT NULL AS email_known
)
SELECT id, role, status, email_known FROM created
UNION ALL
SELECT id, role, status, email_known FROM touched
UNION ALL
SELECT id, role, status, email_known FROM known WHERE NOT stale
