-- Where a conversation stands. $1 bigint user (NULL = guest), $2 text hex hash of the session, $3 bigint conversation, $4 bigint a
-- message that may be finished (NULL = none). No row: not the caller's.
SELECT (SELECT m.id FROM messages m WHERE m.conversation_id = c.id AND m.status = 'streaming'
                                      AND chat_is_written(m)) AS running_id,
       (SELECT m.id FROM messages m WHERE m.conversation_id = c.id AND m.id = $4::bigint AND m.role = 'assistant'
                                      AND m.status <> 'streaming') AS finished_id
FROM conversations c WHERE c.id = $3::bigint AND chat_is_mine(c, $1::bigint, decode($2::text, 'hex'))
