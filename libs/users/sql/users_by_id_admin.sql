-- One person, as an admin sees it. $1 bigint id
SELECT id, clerk_user_id, email, email_verified, display_name, avatar_url, role, status, locale, currency, version, created_at,
       last_seen_at
FROM users WHERE id = $1::bigint
