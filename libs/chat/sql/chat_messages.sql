-- Messages of a conversation, newest first; what was replaced is left out. $1 bigint conversation, $2 bigint last row of the page
-- before (NULL = first page), $3 bigint rows
SELECT m.id, m.conversation_id, m.role, m.content, m.created_at, chat_sources_json(m.id) AS sources, chat_calls_json(m.id) AS tool_calls,
       m.finish_reason, m.prompt_version, chat_feedback_json(m.id) AS feedback
FROM messages m
WHERE m.conversation_id = $1::bigint AND m.status <> 'superseded' AND ($2::bigint IS NULL OR m.id < $2::bigint)
ORDER BY m.id DESC
LIMIT $3::bigint
