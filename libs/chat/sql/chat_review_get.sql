-- One conversation, whosever it is. $1 bigint conversation
SELECT c.id, c.user_id, c.title, c.locale, c.message_count, c.last_message_at, c.created_at, c.prompt_tokens, c.completion_tokens,
       c.cost_microusd, votes.thumbs_up, votes.thumbs_down, votes.refusals
FROM conversations c
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE f.rating > 0) AS thumbs_up, count(*) FILTER (WHERE f.rating < 0) AS thumbs_down,
           count(*) FILTER (WHERE m.finish_reason = 'no_evidence') AS refusals
    FROM messages m LEFT JOIN message_feedback f ON f.message_id = m.id
    WHERE m.conversation_id = c.id AND m.status <> 'superseded'
) votes
WHERE c.id = $1::bigint
