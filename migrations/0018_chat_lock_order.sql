-- Who locks the same rows locks them in the same order, or each waits for the other until Postgres ends one of them, a second later.

-- Whoever writes to a conversation locks its row first, also an answer that ends. It took its message first: a question that had the
-- conversation, and found the place of the answer taken, waited for that message, and the answer for the conversation.
CREATE OR REPLACE FUNCTION chat_finish(in_message bigint, answer jsonb, sources jsonb, calls jsonb, usage jsonb, in_reservation bigint)
RETURNS TABLE (created_at timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    place conversations;
    made timestamptz;
BEGIN
    PERFORM FROM conversations c WHERE c.id = (SELECT m.conversation_id FROM messages m WHERE m.id = in_message) FOR NO KEY UPDATE;
    DELETE FROM budget_reservations b WHERE b.id = in_reservation;
    UPDATE messages m SET
        status = r.status, content = r.content, finish_reason = r.finish_reason, grounded = r.grounded, degraded = r.degraded,
        model = r.model, prompt_version = r.prompt_version, error_code = r.error_code, prompt_tokens = r.prompt_tokens,
        completion_tokens = r.completion_tokens, cost_microusd = r.cost_microusd, latency_ms = r.latency_ms,
        first_token_ms = r.first_token_ms, updated_at = now()
    FROM jsonb_populate_record(NULL::messages, answer) r
    WHERE m.id = in_message AND m.status = 'streaming'
    RETURNING m.created_at INTO made;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE conversations c SET
        last_message_at = now(), updated_at = now(), message_count = c.message_count + 1,
        prompt_tokens = c.prompt_tokens + coalesce(r.prompt_tokens, 0),
        completion_tokens = c.completion_tokens + coalesce(r.completion_tokens, 0),
        cost_microusd = c.cost_microusd + coalesce(r.cost_microusd, 0)
    FROM messages m, jsonb_populate_record(NULL::messages, answer) r
    WHERE m.id = in_message AND c.id = m.conversation_id
    RETURNING c.* INTO place;
    INSERT INTO message_sources (message_id, n, type, entity_id, title, url, snippet, score)
    SELECT in_message, s.n, s.type, s.id, s.title, s.url, s.snippet, s.score
    FROM jsonb_to_recordset(sources) s (n smallint, type text, id bigint, title text, url text, snippet text, score real);
    INSERT INTO tool_calls (message_id, name, arguments, result, status, took_ms)
    SELECT in_message, t.name, t.arguments, t.result, t.status, t.took_ms FROM jsonb_populate_recordset(NULL::tool_calls, calls) t;
    PERFORM chat_spent(usage, in_message, place.id, place.user_id, place.session_hash);
    RETURN QUERY SELECT made;
END
$$;

-- As before, but the days' sums are written in the order of their key.
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
    FROM spent s GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (day, feature, model, user_id, prompt_version) DO UPDATE SET
        calls = d.calls + excluded.calls, errors = d.errors + excluded.errors, fallbacks = d.fallbacks + excluded.fallbacks,
        unpriced = d.unpriced + excluded.unpriced, prompt_tokens = d.prompt_tokens + excluded.prompt_tokens,
        completion_tokens = d.completion_tokens + excluded.completion_tokens, cached_tokens = d.cached_tokens + excluded.cached_tokens,
        cost_microusd = d.cost_microusd + excluded.cost_microusd;
END
$$;
