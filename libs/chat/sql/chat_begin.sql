-- Writes a question and the place of its answer; no row: not the caller's conversation. $1 bigint user (NULL = guest),
-- $2 text hex hash of the session, $3 bigint conversation (NULL = the latest), $4 boolean a new one, $5 text locale,
-- $6 text question, $7 text request id
SELECT conversation_id, user_message_id, message_id
FROM chat_begin($1::bigint, decode($2::text, 'hex'), $3::bigint, $4::boolean, $5::text, $6::text, $7::text)
