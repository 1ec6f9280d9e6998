-- A person as Clerk tells it. An older event never overwrites a newer one; the deleted never come back.
-- $1 jsonb Clerk's user object
WITH given AS (
    SELECT d ->> 'id' AS clerk_user_id,
           (SELECT e -> 'email_address' #>> '{}' FROM jsonb_array_elements(d -> 'email_addresses') e
            WHERE e ->> 'id' = d ->> 'primary_email_address_id') AS email,
           coalesce((SELECT e -> 'verification' ->> 'status' = 'verified' FROM jsonb_array_elements(d -> 'email_addresses') e
                     WHERE e ->> 'id' = d ->> 'primary_email_address_id'), false) AS email_verified,
           nullif(btrim(concat_ws(' ', d ->> 'first_name', d ->> 'last_name')), '') AS display_name,
           d ->> 'image_url' AS avatar_url,
           to_timestamp((d ->> 'updated_at')::float8 / 1000) AS clerk_updated_at
    FROM (SELECT $1::jsonb AS d) x
)
INSERT INTO users AS u (clerk_user_id, email, email_verified, display_name, avatar_url, clerk_updated_at)
SELECT clerk_user_id, email, email_verified, display_name, avatar_url, clerk_updated_at FROM given
ON CONFLICT (clerk_user_id) DO UPDATE
    SET email = excluded.email, email_verified = excluded.email_verified, display_name = excluded.display_name,
        avatar_url = excluded.avatar_url, clerk_updated_at = excluded.clerk_updated_at, updated_at = now(),
        version = u.version + 1
    WHERE u.status <> 'deleted' AND (u.clerk_updated_at IS NULL OR u.clerk_updated_at < excluded.clerk_updated_at)
