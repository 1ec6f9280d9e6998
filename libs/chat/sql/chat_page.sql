-- The listing on whose page the last question of a conversation was asked: what an answer to it looked at before anything else.
-- $1 bigint an answer. One row; NULL: on none.
SELECT (SELECT CASE WHEN t.name = 'property_search' AND t.arguments = jsonb_build_object('ids', jsonb_build_array(t.arguments #>> '{ids,0}'))
                         AND t.arguments #>> '{ids,0}' ~ '^[1-9][0-9]{0,17}$' THEN (t.arguments #>> '{ids,0}')::bigint END
        FROM messages a JOIN messages m ON m.conversation_id = a.conversation_id JOIN tool_calls t ON t.message_id = m.id
        WHERE a.id = $1::bigint
          AND m.id > (SELECT max(q.id) FROM messages q WHERE q.conversation_id = a.conversation_id AND q.role = 'user')
        ORDER BY t.id LIMIT 1) AS property_id
