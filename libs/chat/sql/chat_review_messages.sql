-- What was said and how it came about, newest first, also what was replaced. $1 bigint conversation, $2 bigint message to end before
-- (NULL = from the end), $3 bigint rows
SELECT m.id, m.role, m.status, m.content, m.created_at, m.model, m.prompt_version, m.finish_reason, m.grounded, m.degraded, m.error_code,
       m.prompt_tokens, m.completion_tokens, m.cost_microusd, m.latency_ms, m.first_token_ms, m.request_id,
       chat_sources_json(m.id) AS sources,
       (SELECT coalesce(json_agg(json_build_object('name', t.name, 'status', t.status, 'took_ms', t.took_ms, 'arguments', t.arguments)
                                 ORDER BY t.id), '[]')
        FROM tool_calls t WHERE t.message_id = m.id) AS tool_calls,
       chat_feedback_json(m.id) AS feedback
FROM messages m
WHERE m.conversation_id = $1::bigint AND ($2::bigint IS NULL OR m.id < $2::bigint)
ORDER BY m.id DESC
LIMIT $3::bigint
