-- What is left of a person is a number that nobody can sign in with; with the record of it, once. $1 bigint user
WITH erased AS (
    UPDATE users u
    SET email = NULL, email_verified = false, display_name = NULL, avatar_url = NULL, phone = NULL, locale = NULL, currency = NULL,
        updated_at = now(), version = u.version + 1
    WHERE u.id = $1::bigint AND u.status = 'deleted'
    RETURNING u.id
)
INSERT INTO audit_log (actor_kind, action, entity, entity_id)
SELECT 'system', 'user.erase', 'user', e.id FROM erased e
WHERE NOT EXISTS (SELECT FROM audit_log a WHERE a.entity = 'user' AND a.entity_id = e.id AND a.action = 'user.erase')
