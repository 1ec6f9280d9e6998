-- One inquiry that the reader may see. $1 bigint id, $2 bigint reader, $3 boolean whether the reader is an admin
SELECT i.id, i.kind, i.status, i.property_id, i.user_id, i.conversation_id, i.name, i.email, i.phone, i.message, i.preferred_times,
       i.assigned_to, i.note, i.consent_at, i.created_at, i.updated_at, i.version
FROM inquiries i
WHERE i.id = $1::bigint AND inquiry_is_visible(i, $2::bigint, $3::boolean)
