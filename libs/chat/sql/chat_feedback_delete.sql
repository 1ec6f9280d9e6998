-- Takes a vote back. $1 bigint user (NULL = guest), $2 text hex hash of the session, $3 bigint message. No row: not the caller's.
WITH place AS (
    SELECT m.id FROM messages m JOIN conversations c ON c.id = m.conversation_id
    WHERE m.id = $3::bigint AND chat_is_mine(c, $1::bigint, decode($2::text, 'hex'))
), gone AS (
    DELETE FROM message_feedback f USING place WHERE f.message_id = place.id
)
SELECT id FROM place
