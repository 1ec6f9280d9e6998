-- A vote on an answer in place of a former one. $1 bigint user (NULL = guest), $2 text hex hash of the session, $3 bigint message,
-- $4 bigint rating, $5 text reason, $6 text comment. No row: not the caller's; is_answer false: nothing was written.
WITH place AS (
    SELECT m.id, m.role = 'assistant' AND m.status IN ('complete', 'stopped') AS is_answer
    FROM messages m JOIN conversations c ON c.id = m.conversation_id
    WHERE m.id = $3::bigint AND chat_is_mine(c, $1::bigint, decode($2::text, 'hex'))
), put AS (
    INSERT INTO message_feedback (message_id, rating, reason, comment)
    SELECT id, $4::bigint, $5::text, $6::text FROM place WHERE is_answer
    ON CONFLICT (message_id) DO UPDATE SET rating = excluded.rating, reason = excluded.reason, comment = excluded.comment, updated_at = now()
)
SELECT is_answer FROM place
