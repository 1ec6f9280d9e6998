-- $1 bigint actor, $2 text action, $3 text entity, $4 bigint its id, $5 jsonb what was asked for, $6 text request id
INSERT INTO audit_log (actor_id, actor_kind, action, entity, entity_id, after, request_id)
VALUES ($1::bigint, 'user', $2::text, $3::text, $4::bigint, $5::jsonb, $6::text)
