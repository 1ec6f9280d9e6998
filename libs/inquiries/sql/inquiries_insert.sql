-- A new inquiry, with its record. $1 jsonb columns: property_id, conversation_id, kind, name, email, phone, message, preferred_times,
-- $2 text status, $3 bigint user (NULL = guest), $4 text hex hash of the session (NULL = none), $5 text hex hash of the address,
-- $6 text request id
WITH made AS (
    INSERT INTO inquiries (property_id, conversation_id, kind, name, email, phone, message, preferred_times, status, user_id,
                           session_hash, ip_hash, consent_at)
    SELECT r.property_id, r.conversation_id, r.kind, r.name, r.email, r.phone, coalesce(r.message, ''),
           coalesce(r.preferred_times, '[]'), $2::text, $3::bigint,
           CASE WHEN $3::bigint IS NULL THEN decode($4::text, 'hex') END, decode($5::text, 'hex'), now()
    FROM jsonb_populate_record(NULL::inquiries, $1::jsonb) r
    RETURNING *
), audited AS (
    INSERT INTO audit_log (actor_id, actor_kind, action, entity, entity_id, after, request_id, ip_hash)
    SELECT m.user_id, 'user', 'inquiry.create', 'inquiry', m.id,
           jsonb_build_object('kind', m.kind, 'status', m.status, 'property_id', m.property_id, 'conversation_id', m.conversation_id),
           $6::text, m.ip_hash
    FROM made m
)
SELECT m.id FROM made m
