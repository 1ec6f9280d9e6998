-- One conversation with its messages. $1 bigint user (NULL = guest), $2 text hex hash of the session, $3 bigint conversation
DELETE FROM conversations c WHERE c.id = $3::bigint AND chat_is_mine(c, $1::bigint, decode($2::text, 'hex'))
