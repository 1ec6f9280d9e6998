-- By an operator. $1 text Clerk user id, $2 text role
WITH changed AS (
    UPDATE users SET role = $2::text, updated_at = now(), version = version + 1
    WHERE clerk_user_id = $1::text
    RETURNING id
), noted AS (
    INSERT INTO audit_log (actor_kind, action, entity, entity_id, after)
    SELECT 'cli', 'user.set_role', 'user', id, json_build_object('role', $2::text)::jsonb FROM changed
)
SELECT id FROM changed
