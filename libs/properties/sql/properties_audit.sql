-- $1 bigint actor, $2 text action, $3 bigint property, $4 jsonb what was asked for, $5 text request id
INSERT INTO audit_log (actor_id, actor_kind, action, entity, entity_id, after, request_id)
VALUES ($1::bigint, 'user', $2::text, 'property', $3::bigint, $4::jsonb, $5::text)
