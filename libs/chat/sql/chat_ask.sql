-- Writes a question and the place of its answer, or the place of another answer to the last question, and what it may cost; no row:
-- not the caller's. $1 bigint user (NULL = guest), $2 text hex hash of the session, $3 bigint conversation (NULL = the latest),
-- $4 boolean a new one, $5 text locale, $6 text question, $7 text request id, $8 bigint the last answer (NULL = a new question),
-- $9 text model (NULL = no service is asked), $10 text cheaper model, $11 text model that chooses tools, $12 bigint tokens to read,
-- $13 bigint tokens to write.
SELECT conversation_id, user_message_id, message_id, content, prompt_version, step, reservation_id, alert, known
FROM chat_ask($1::bigint, decode($2::text, 'hex'), $3::bigint, $4::boolean, $5::text, $6::text, $7::text, $8::bigint, $9::text,
              $10::text, $11::text, $12::bigint, $13::bigint)
