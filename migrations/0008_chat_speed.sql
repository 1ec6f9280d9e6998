-- What is asked of an answer by another worker than the one that writes it: to end, to be read there. And functions that run with
-- every answer keep their plans: those in SQL are planned anew at each call, which took longer than running them.

ALTER TABLE messages ADD COLUMN follow_asked boolean NOT NULL DEFAULT false;
CREATE INDEX messages_wishes ON messages (id) WHERE status = 'streaming' AND (stop_asked OR follow_asked);

-- NULL: the model has no price, or the tokens are not known.
CREATE OR REPLACE FUNCTION chat_price(in_model text, in_prompt_tokens bigint, in_cached_tokens bigint, in_completion_tokens bigint)
RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT ((in_prompt_tokens - coalesce(in_cached_tokens, 0)) * p.input_microusd_per_mtok
                    + coalesce(in_cached_tokens, 0) * coalesce(p.cached_microusd_per_mtok, p.input_microusd_per_mtok)
                    + in_completion_tokens * p.output_microusd_per_mtok + 500000) / 1000000
            FROM model_prices p WHERE p.model = in_model);
END
$$;

-- Ledger and daily sums of some calls; what the service did not price is priced here if its model is known.
CREATE OR REPLACE FUNCTION chat_spent(usage jsonb, in_message bigint, in_conversation bigint, in_user bigint, in_session bytea) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH spent AS (
        INSERT INTO llm_usage (feature, provider, model, user_id, session_hash, conversation_id, message_id, prompt_version,
                               prompt_tokens, completion_tokens, cached_tokens, cost_microusd, ok, error_code, fallback, latency_ms)
        SELECT u.feature, u.provider, u.model, in_user, in_session, in_conversation, in_message, u.prompt_version,
               u.prompt_tokens, u.completion_tokens, u.cached_tokens,
               coalesce(u.cost_microusd, chat_price(u.model, u.prompt_tokens, u.cached_tokens, u.completion_tokens)),
               u.ok, u.error_code, u.fallback, u.latency_ms
        FROM jsonb_populate_recordset(NULL::llm_usage, usage) u
        RETURNING *
    )
    INSERT INTO usage_daily AS d (day, feature, model, user_id, prompt_version, calls, errors, fallbacks, unpriced, prompt_tokens,
                                  completion_tokens, cached_tokens, cost_microusd)
    SELECT (s.at AT TIME ZONE 'UTC')::date, s.feature, s.model, coalesce(s.user_id, 0), coalesce(s.prompt_version, 0), count(*),
           count(*) FILTER (WHERE NOT s.ok), count(*) FILTER (WHERE s.fallback), count(*) FILTER (WHERE s.ok AND s.cost_microusd IS NULL),
           coalesce(sum(s.prompt_tokens), 0), coalesce(sum(s.completion_tokens), 0), coalesce(sum(s.cached_tokens), 0),
           coalesce(sum(s.cost_microusd), 0)
    FROM spent s GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (day, feature, model, user_id, prompt_version) DO UPDATE SET
        calls = d.calls + excluded.calls, errors = d.errors + excluded.errors, fallbacks = d.fallbacks + excluded.fallbacks,
        unpriced = d.unpriced + excluded.unpriced, prompt_tokens = d.prompt_tokens + excluded.prompt_tokens,
        completion_tokens = d.completion_tokens + excluded.completion_tokens, cached_tokens = d.cached_tokens + excluded.cached_tokens,
        cost_microusd = d.cost_microusd + excluded.cost_microusd;
END
$$;

-- What belongs to a message, as its readers see it.
CREATE OR REPLACE FUNCTION chat_sources_json(in_message bigint) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(json_agg(json_build_object('n', s.n, 'type', s.type, 'id', s.entity_id, 'title', s.title, 'url', s.url,
                                                       'snippet', s.snippet, 'score', s.score) ORDER BY s.n), '[]')
            FROM message_sources s WHERE s.message_id = in_message);
END
$$;
CREATE OR REPLACE FUNCTION chat_calls_json(in_message bigint) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(json_agg(json_build_object('name', t.name, 'status', t.status, 'took_ms', t.took_ms) ORDER BY t.id), '[]')
            FROM tool_calls t WHERE t.message_id = in_message);
END
$$;
CREATE OR REPLACE FUNCTION chat_feedback_json(in_message bigint) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT json_build_object('rating', CASE WHEN f.rating > 0 THEN 'up' ELSE 'down' END, 'reason', f.reason, 'comment', f.comment)
            FROM message_feedback f WHERE f.message_id = in_message);
END
$$;
