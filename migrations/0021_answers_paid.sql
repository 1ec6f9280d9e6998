-- What an answer took is paid for by who asked, also when nobody can say what it cost, or when its conversation is gone by then.

-- Set aside for calls whose cost stayed unknown: an answer that was stopped or broke off before its service told what it took. It
-- counts against budgets and in no sum of costs.
ALTER TABLE llm_usage ADD COLUMN held_microusd bigint;
ALTER TABLE usage_daily ADD COLUMN held_microusd bigint NOT NULL DEFAULT 0;

-- Writes calls of a turn into the ledger and the days' sums. Gives what they cost; NULL: of some it is unknown, and of `reserved` is
-- held what the others did not take. A service that refused or could not be reached took nothing.
CREATE FUNCTION chat_book(usage jsonb, in_message bigint, in_conversation bigint, in_user bigint, in_session bytea, reserved bigint)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    total bigint;
BEGIN
    WITH calls AS MATERIALIZED (
        SELECT u.*, x.n, coalesce(u.cost_microusd, chat_price(u.model, u.prompt_tokens, u.cached_tokens, u.completion_tokens)) AS cost,
               u.ok OR u.error_code NOT IN ('FORBIDDEN', 'UNAVAILABLE') AS took
        FROM jsonb_array_elements(usage) WITH ORDINALITY x (call, n), jsonb_populate_record(NULL::llm_usage, x.call) u
    ), sums AS (
        SELECT sum(c.cost)::bigint AS known, min(c.n) FILTER (WHERE c.took AND c.cost IS NULL) AS unknown FROM calls c
    ), booked AS (
        SELECT c.*, CASE WHEN c.n = s.unknown THEN greatest(reserved - coalesce(s.known, 0), 0) END AS held FROM calls c, sums s
    ), spent AS (
        INSERT INTO llm_usage (feature, provider, model, user_id, session_hash, conversation_id, message_id, prompt_version,
                               prompt_tokens, completion_tokens, cached_tokens, cost_microusd, held_microusd, ok, error_code, fallback,
                               latency_ms)
        SELECT b.feature, b.provider, b.model, in_user, in_session, in_conversation, in_message, b.prompt_version,
               b.prompt_tokens, b.completion_tokens, b.cached_tokens, b.cost, b.held, b.ok, b.error_code, b.fallback, b.latency_ms
        FROM booked b ORDER BY b.n
    ), daily AS (
        INSERT INTO usage_daily AS d (day, feature, model, user_id, prompt_version, calls, errors, fallbacks, unpriced, prompt_tokens,
                                      completion_tokens, cached_tokens, cost_microusd, held_microusd)
        SELECT (now() AT TIME ZONE 'UTC')::date, b.feature, b.model, coalesce(in_user, 0), coalesce(b.prompt_version, 0), count(*),
               count(*) FILTER (WHERE NOT b.ok), count(*) FILTER (WHERE b.fallback), count(*) FILTER (WHERE b.took AND b.cost IS NULL),
               coalesce(sum(b.prompt_tokens), 0), coalesce(sum(b.completion_tokens), 0), coalesce(sum(b.cached_tokens), 0),
               coalesce(sum(b.cost), 0), coalesce(sum(b.held), 0)
        FROM booked b GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (day, feature, model, user_id, prompt_version) DO UPDATE SET
            calls = d.calls + excluded.calls, errors = d.errors + excluded.errors, fallbacks = d.fallbacks + excluded.fallbacks,
            unpriced = d.unpriced + excluded.unpriced, prompt_tokens = d.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = d.completion_tokens + excluded.completion_tokens, cached_tokens = d.cached_tokens + excluded.cached_tokens,
            cost_microusd = d.cost_microusd + excluded.cost_microusd, held_microusd = d.held_microusd + excluded.held_microusd
    )
    SELECT CASE WHEN s.unknown IS NULL THEN s.known END INTO total FROM sums s;
    RETURN total;
END
$$;

-- As the function of six arguments, but who asked is told, and the message and its conversation say what the ledger says. A user who
-- goes on in a guest's conversation pays as the user. Of a conversation that was deleted meanwhile only the ledger is written; whoever
-- repeats the call because the reply was lost finds the reservation gone.
CREATE FUNCTION chat_finish(in_message bigint, answer jsonb, sources jsonb, calls jsonb, usage jsonb, in_reservation bigint,
                            in_user bigint, in_session bytea)
RETURNS TABLE (created_at timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    place conversations;
    reserved bigint;
    payer bigint;
    cost bigint;
    made timestamptz;
BEGIN
    SELECT c.* INTO place FROM conversations c
    WHERE c.id = (SELECT m.conversation_id FROM messages m WHERE m.id = in_message) FOR NO KEY UPDATE;
    DELETE FROM budget_reservations b WHERE b.id = in_reservation RETURNING b.amount_microusd INTO reserved;
    SELECT u.id INTO payer FROM users u WHERE u.id = coalesce(place.user_id, in_user);
    SELECT m.created_at INTO made FROM messages m WHERE m.id = in_message AND m.status = 'streaming' FOR UPDATE;
    IF NOT FOUND THEN
        IF place.id IS NULL AND (reserved IS NOT NULL OR in_reservation IS NULL) THEN
            PERFORM chat_book(usage, NULL, NULL, payer, in_session, reserved);
        END IF;
        RETURN;
    END IF;
    cost := chat_book(usage, in_message, place.id, payer, coalesce(place.session_hash, in_session), reserved);
    UPDATE messages m SET
        status = r.status, content = r.content, finish_reason = r.finish_reason, grounded = r.grounded, degraded = r.degraded,
        model = r.model, prompt_version = r.prompt_version, error_code = r.error_code, prompt_tokens = r.prompt_tokens,
        completion_tokens = r.completion_tokens, cost_microusd = cost, latency_ms = r.latency_ms,
        first_token_ms = r.first_token_ms, updated_at = now()
    FROM jsonb_populate_record(NULL::messages, answer) r
    WHERE m.id = in_message;
    UPDATE conversations c SET
        last_message_at = now(), updated_at = now(), message_count = c.message_count + 1,
        prompt_tokens = c.prompt_tokens + coalesce(r.prompt_tokens, 0),
        completion_tokens = c.completion_tokens + coalesce(r.completion_tokens, 0),
        cost_microusd = c.cost_microusd + coalesce(cost, 0)
    FROM jsonb_populate_record(NULL::messages, answer) r
    WHERE c.id = place.id;
    INSERT INTO message_sources (message_id, n, type, entity_id, title, url, snippet, score)
    SELECT in_message, s.n, s.type, s.id, s.title, s.url, s.snippet, s.score
    FROM jsonb_to_recordset(sources) s (n smallint, type text, id bigint, title text, url text, snippet text, score real);
    INSERT INTO tool_calls (message_id, name, arguments, result, status, took_ms)
    SELECT in_message, t.name, t.arguments, t.result, t.status, t.took_ms FROM jsonb_populate_recordset(NULL::tool_calls, calls) t;
    RETURN QUERY SELECT made;
END
$$;

-- As before, with what is held.
CREATE OR REPLACE FUNCTION chat_budget_step(amount bigint, in_user bigint, in_session bytea) RETURNS text LANGUAGE sql STABLE AS $$
    WITH today AS (SELECT (now() AT TIME ZONE 'UTC')::date AS day),
    held AS (SELECT r.* FROM budget_reservations r WHERE r.at > now() - interval '60 s'),
    used AS (
        SELECT b.scope, b.on_exceed, b.daily_microusd, b.monthly_microusd,
               CASE b.scope
                    WHEN 'product' THEN (SELECT coalesce(sum(u.cost_microusd + u.held_microusd), 0) FROM usage_daily u, today
                                         WHERE u.day = today.day)
                                        + (SELECT coalesce(sum(h.amount_microusd), 0) FROM held h)
                    WHEN 'user' THEN (SELECT coalesce(sum(u.cost_microusd + u.held_microusd), 0) FROM usage_daily u, today
                                      WHERE u.day = today.day AND u.user_id = in_user)
                                     + (SELECT coalesce(sum(h.amount_microusd), 0) FROM held h WHERE h.user_id = in_user)
                    ELSE (SELECT coalesce(sum(coalesce(u.cost_microusd, 0) + coalesce(u.held_microusd, 0)), 0) FROM llm_usage u, today
                          WHERE u.session_hash = in_session AND u.at >= today.day::timestamp AT TIME ZONE 'UTC')
                         + (SELECT coalesce(sum(h.amount_microusd), 0) FROM held h WHERE h.session_hash = in_session) END AS today,
               (SELECT coalesce(sum(u.cost_microusd + u.held_microusd), 0) FROM usage_daily u, today
                WHERE u.day >= date_trunc('month', today.day)::date)
               + (SELECT coalesce(sum(h.amount_microusd), 0) FROM held h) AS month
        FROM budgets b
        WHERE b.scope = 'product' OR (b.scope = 'user' AND in_user IS NOT NULL) OR (b.scope = 'guest' AND in_user IS NULL)
    )
    SELECT u.on_exceed FROM used u
    WHERE u.today + amount > u.daily_microusd OR (u.scope = 'product' AND u.month + amount > u.monthly_microusd)
    ORDER BY array_position(ARRAY['block', 'retrieval_only', 'cheaper'], u.on_exceed) LIMIT 1
$$;
