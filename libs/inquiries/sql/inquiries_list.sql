-- A page of inquiries that the reader may see, newest first. $1 bigint reader, $2 boolean whether the reader is an admin, $3 text status
-- (NULL = any but spam), $4 text kind, $5 bigint property, $6 bigint whose they are (NULL = any), $7 bigint last row of the page before
-- (0 = first page), $8 bigint rows
SELECT i.id, i.kind, i.status, i.property_id, i.user_id, i.conversation_id, i.name, i.email, i.phone, i.message, i.preferred_times,
       i.assigned_to, i.note, i.consent_at, i.created_at, i.updated_at, i.version
FROM inquiries i
WHERE inquiry_is_visible(i, $1::bigint, $2::boolean)
  AND CASE WHEN $3::text IS NULL THEN i.status <> 'spam' ELSE i.status = $3::text END
  AND ($4::text IS NULL OR i.kind = $4::text)
  AND ($5::bigint IS NULL OR i.property_id = $5::bigint)
  AND ($6::bigint IS NULL OR i.assigned_to = $6::bigint)
  AND ($7::bigint = 0 OR i.id < $7::bigint)
ORDER BY i.id DESC
LIMIT $8::bigint
