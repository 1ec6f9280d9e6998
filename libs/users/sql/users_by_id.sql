-- One person, as that person sees it. $1 bigint id
SELECT id, clerk_user_id, email, email_verified, display_name, avatar_url, role, locale, currency, created_at, last_seen_at
FROM users WHERE id = $1::bigint
