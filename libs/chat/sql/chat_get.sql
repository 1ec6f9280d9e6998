-- One conversation of the caller. $1 bigint user (NULL = guest), $2 text hex hash of the session, $3 bigint conversation
SELECT c.id, c.title, c.locale, c.message_count, c.last_message_at, c.created_at
FROM conversations c WHERE c.id = $3::bigint AND chat_is_mine(c, $1::bigint, decode($2::text, 'hex'))
