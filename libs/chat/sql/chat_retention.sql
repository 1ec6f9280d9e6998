-- Deletes conversations of guests, with all messages, that nobody went on with for so long. $1 int days, $2 bigint conversations
DELETE FROM conversations WHERE id IN (
    SELECT c.id FROM conversations c
    WHERE c.user_id IS NULL AND coalesce(c.last_message_at, c.created_at) < now() - make_interval(days => $1::int)
    ORDER BY coalesce(c.last_message_at, c.created_at)
    LIMIT $2::bigint
    FOR UPDATE SKIP LOCKED
)
