-- Conversations of the caller, latest first. $1 bigint user (NULL = guest), $2 text hex hash of the session, $3 text part of the
-- title (NULL = any), $4 timestamptz and $5 bigint: last row of the page before (NULL = first page), $6 bigint rows
SELECT c.id, c.title, c.locale, c.message_count, c.last_message_at, c.created_at, c.last_message_at::text AS sort_key
FROM conversations c
WHERE (c.user_id = $1::bigint OR (c.user_id IS NULL AND $1::bigint IS NULL AND c.session_hash = decode($2::text, 'hex')))
  AND ($3::text IS NULL OR c.title ILIKE '%' || replace(replace(replace($3::text, '\', '\\'), '%', '\%'), '_', '\_') || '%')
  AND ($4::timestamptz IS NULL OR (c.last_message_at, c.id) < ($4::timestamptz, $5::bigint))
ORDER BY c.last_message_at DESC, c.id DESC
LIMIT $6::bigint
