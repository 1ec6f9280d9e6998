-- $1 bigint actor (NULL = not a user), $2 text kind of actor, $3 text action, $4 bigint user, $5 jsonb before,
-- $6 jsonb after, $7 text request id
INSERT INTO audit_log (actor_id, actor_kind, action, entity, entity_id, before, after, request_id)
VALUES ($1::bigint, $2::text, $3::text, 'user', $4::bigint, $5::jsonb, $6::jsonb, $7::text)
