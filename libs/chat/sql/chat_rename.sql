-- Another title. $1 bigint user (NULL = guest), $2 text hex hash of the session, $3 bigint conversation, $4 text title
UPDATE conversations c SET title = $4::text, updated_at = now()
WHERE c.id = $3::bigint AND chat_is_mine(c, $1::bigint, decode($2::text, 'hex'))
RETURNING c.id, c.title, c.locale, c.message_count, c.last_message_at, c.created_at
