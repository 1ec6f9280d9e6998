-- A merge patch of one's own profile: absent = unchanged, null = no value.
-- $1 bigint id, $2 jsonb object of display_name, locale, currency, phone
UPDATE users u
SET (display_name, locale, currency, phone) =
    (SELECT r.display_name, r.locale, r.currency, r.phone FROM jsonb_populate_record(u, $2::jsonb) r),
    updated_at = now(), version = u.version + 1
WHERE u.id = $1::bigint AND u.status <> 'deleted'
RETURNING id, clerk_user_id, email, email_verified, display_name, avatar_url, role, locale, currency, created_at, last_seen_at
