-- $1 jsonb array of people (seeds/README.md); who is there stays
WITH added AS (
    INSERT INTO users (clerk_user_id, email, email_verified, display_name, role, locale, currency, phone)
    SELECT r.clerk_user_id, r.email, coalesce(r.email_verified, false), r.display_name, r.role, r.locale, r.currency, r.phone
    FROM jsonb_populate_recordset(NULL::users, $1::jsonb) r
    ON CONFLICT (clerk_user_id) DO NOTHING
    RETURNING 1
)
SELECT count(*) AS count FROM added
