-- Writes a question and the place of its answer; no row: not the caller's conversation. $1 bigint user (NULL = guest),
-- $2 text hex hash of the session, $3 bigint conversation (NULL = the latest), $4 boolean a new one, $5 text locale,
-- $6 text question, $7 text request id. What the function writes is not seen by the statement that calls it: a conversation that
-- it made is not known.
SELECT b.conversation_id, b.user_message_id, b.message_id, EXISTS (SELECT FROM conversations c WHERE c.id = b.conversation_id) AS known
FROM chat_begin($1::bigint, decode($2::text, 'hex'), $3::bigint, $4::boolean, $5::text, $6::text, $7::text) b
