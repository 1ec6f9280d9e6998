-- An answer as its asker gets it. $1 bigint message
SELECT m.id AS "message.id", m.conversation_id AS "message.conversation_id", m.role AS "message.role", m.content AS "message.content",
       m.created_at AS "message.created_at", chat_sources_json(m.id) AS "message.sources", chat_calls_json(m.id) AS "message.tool_calls",
       m.finish_reason AS "message.finish_reason", m.prompt_version AS "message.prompt_version",
       chat_feedback_json(m.id) AS "message.feedback",
       m.model, m.prompt_tokens AS "usage.prompt_tokens", m.completion_tokens AS "usage.completion_tokens",
       m.prompt_tokens + m.completion_tokens AS "usage.total_tokens", m.cost_microusd AS "usage.cost_microusd",
       m.conversation_id,
       (SELECT max(q.id) FROM messages q WHERE q.conversation_id = m.conversation_id AND q.role = 'user' AND q.id < m.id) AS user_message_id,
       coalesce(m.grounded, false) AS grounded, m.degraded,
       CASE WHEN m.status = 'streaming' AND NOT chat_is_written(m) THEN 'failed' ELSE m.status END AS status, m.error_code
FROM messages m WHERE m.id = $1::bigint
