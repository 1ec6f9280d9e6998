-- Asks the running answer of a conversation to stop. $1 bigint user (NULL = guest), $2 text hex hash of the session, $3 bigint
-- conversation. mine: whether it is the caller's; message_id NULL: nothing runs, or nobody writes it any more.
WITH place AS (
    SELECT c.id FROM conversations c WHERE c.id = $3::bigint AND chat_is_mine(c, $1::bigint, decode($2::text, 'hex'))
), asked AS (
    UPDATE messages m SET stop_asked = true FROM place
    WHERE m.conversation_id = place.id AND m.status = 'streaming' AND chat_is_written(m)
    RETURNING m.id
)
SELECT EXISTS (SELECT FROM place) AS mine, (SELECT id FROM asked) AS message_id
