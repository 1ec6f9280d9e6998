-- Applies a merge patch (absent = unchanged) and counts the version on, with its record: of the note only that it changed, for it is
-- about a person and the record stays. $1 bigint id, $2 jsonb of status, assigned_to, note, $3 bigint actor, $4 text request id
WITH before AS (
    SELECT b.id, b.status, b.assigned_to, b.note FROM inquiries b WHERE b.id = $1::bigint
), changed AS (
    UPDATE inquiries i
    SET (status, assigned_to, note) = (SELECT r.status, r.assigned_to, r.note FROM jsonb_populate_record(i, $2::jsonb) r),
        updated_at = now(), version = i.version + 1
    WHERE i.id = $1::bigint
    RETURNING i.*
), audited AS (
    INSERT INTO audit_log (actor_id, actor_kind, action, entity, entity_id, before, after, request_id)
    SELECT $3::bigint, 'user', 'inquiry.change', 'inquiry', i.id,
           jsonb_build_object('status', b.status, 'assigned_to', b.assigned_to),
           jsonb_build_object('status', i.status, 'assigned_to', i.assigned_to, 'note_changed', i.note IS DISTINCT FROM b.note),
           $4::text
    FROM changed i JOIN before b USING (id)
)
SELECT i.id, i.kind, i.status, i.property_id, i.user_id, i.conversation_id, i.name, i.email, i.phone, i.message, i.preferred_times,
       i.assigned_to, i.note, i.consent_at, i.created_at, i.updated_at, i.version
FROM changed i
