-- What a user asked today and used this month. $1 bigint user
SELECT (SELECT count(*) FROM messages m JOIN conversations c ON c.id = m.conversation_id
        WHERE c.user_id = $1::bigint AND m.role = 'user' AND m.created_at >= date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')
       AS messages,
       (SELECT coalesce(sum(d.prompt_tokens + d.completion_tokens), 0) FROM usage_daily d
        WHERE d.user_id = $1::bigint AND d.day >= date_trunc('month', now() AT TIME ZONE 'UTC')::date) AS tokens,
       (date_trunc('day', now() AT TIME ZONE 'UTC') + interval '1 day') AT TIME ZONE 'UTC' AS resets_at
