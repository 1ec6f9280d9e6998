-- How many messages chat_messages would show. $1 bigint conversation
SELECT count(*) AS total FROM messages m WHERE m.conversation_id = $1::bigint AND m.status <> 'superseded'
