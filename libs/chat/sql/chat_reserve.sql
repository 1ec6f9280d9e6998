-- Writes what an answer may cost at most. $1 bigint user (NULL = guest), $2 text hex hash of the session, $3 text model, $4 text
-- cheaper model, $5 bigint tokens to read, $6 bigint tokens to write
SELECT step, reservation_id, alert FROM chat_reserve($1::bigint, decode($2::text, 'hex'), $3::text, $4::text, $5::bigint, $6::bigint)
