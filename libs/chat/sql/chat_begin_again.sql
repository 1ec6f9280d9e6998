-- Writes the place of another answer to the last question; no row: not the caller's. $1 bigint user (NULL = guest),
-- $2 text hex hash of the session, $3 bigint the last answer, $4 text request id
SELECT conversation_id, user_message_id, message_id, content, true AS known
FROM chat_begin_again($1::bigint, decode($2::text, 'hex'), $3::bigint, $4::text)
