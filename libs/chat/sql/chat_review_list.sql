-- Conversations of all people, latest first. One answer has to fit all of $1 to $6; NULL = any. $1 bigint rating (1, -1), $2 boolean
-- grounded, $3 text degraded ('any' = in whichever way), $4 text model, $5 bigint prompt version, $6 boolean whether any of these is given,
-- $7 text part of the title or of what was said, $8 timestamptz and $9 bigint last row of the page before (NULL = first page),
-- $10 bigint rows
SELECT c.id, c.user_id, c.title, c.locale, c.message_count, c.last_message_at, c.created_at, c.prompt_tokens, c.completion_tokens,
       c.cost_microusd, votes.thumbs_up, votes.thumbs_down, votes.refusals, coalesce(c.last_message_at, c.created_at)::text AS sort_key
FROM conversations c
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE f.rating > 0) AS thumbs_up, count(*) FILTER (WHERE f.rating < 0) AS thumbs_down,
           count(*) FILTER (WHERE m.finish_reason = 'no_evidence') AS refusals
    FROM messages m LEFT JOIN message_feedback f ON f.message_id = m.id
    WHERE m.conversation_id = c.id AND m.status <> 'superseded'
) votes
WHERE ((NOT $6::boolean AND $7::text IS NULL)
       OR c.id IN (SELECT chat_reviewed($1::bigint, $2::boolean, $3::text, $4::text, $5::bigint, $6::boolean, $7::text)))
  AND ($8::timestamptz IS NULL OR (coalesce(c.last_message_at, c.created_at), c.id) < ($8::timestamptz, $9::bigint))
ORDER BY coalesce(c.last_message_at, c.created_at) DESC, c.id DESC
LIMIT $10::bigint
