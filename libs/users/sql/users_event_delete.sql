-- Takes a person out; an unknown one leaves a tombstone, so that a late event does not create it. The job erases the rest.
-- $1 text Clerk user id
WITH erased AS (
    INSERT INTO users AS u (clerk_user_id, status, deleted_at)
    VALUES ($1::text, 'deleted', now())
    ON CONFLICT (clerk_user_id) DO UPDATE
        SET status = 'deleted', deleted_at = coalesce(u.deleted_at, now()), email = NULL, email_verified = false,
            display_name = NULL, avatar_url = NULL, phone = NULL, updated_at = now(), version = u.version + 1
    RETURNING u.id
), noted AS (
    INSERT INTO audit_log (actor_kind, action, entity, entity_id)
    SELECT 'webhook', 'user.delete', 'user', e.id FROM erased e
)
SELECT e.id FROM erased e
