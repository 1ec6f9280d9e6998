-- Chat: conversations of users and guests, what was said and why, what it cost.

CREATE TABLE chat_prompts (
    version       int PRIMARY KEY,
    system_prompt text NOT NULL,
    models        jsonb NOT NULL DEFAULT '{}', -- chat, search, fallback; absent = as configured
    temperature   numeric(3,2) CHECK (temperature BETWEEN 0 AND 2),
    max_tokens    int CHECK (max_tokens BETWEEN 1 AND 8000),
    tools_enabled text[], -- NULL = all of the product
    note          text,
    created_by    bigint REFERENCES users,
    active        boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX chat_prompts_active ON chat_prompts (active) WHERE active;

-- What a message was answered with stays as it was.
CREATE FUNCTION chat_prompts_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'active' <> to_jsonb(OLD) - 'active' THEN
        RAISE EXCEPTION 'a version of a prompt is never changed' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER chat_prompts_keep BEFORE UPDATE ON chat_prompts FOR EACH ROW EXECUTE FUNCTION chat_prompts_keep();

CREATE TABLE conversations (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id           bigint REFERENCES users,
    session_hash      bytea CHECK (octet_length(session_hash) = 32), -- of a guest; without power once there is a user
    title             text,
    locale            text NOT NULL,
    message_count     int NOT NULL DEFAULT 0,
    last_message_at   timestamptz,
    prompt_tokens     bigint NOT NULL DEFAULT 0,
    completion_tokens bigint NOT NULL DEFAULT 0,
    cost_microusd     bigint NOT NULL DEFAULT 0,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    CHECK (user_id IS NOT NULL OR session_hash IS NOT NULL)
);
CREATE INDEX conversations_user ON conversations (user_id, last_message_at DESC, id DESC) WHERE user_id IS NOT NULL;
CREATE INDEX conversations_session ON conversations (session_hash, last_message_at DESC, id DESC) WHERE user_id IS NULL;

CREATE TABLE messages (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversation_id   bigint NOT NULL REFERENCES conversations ON DELETE CASCADE,
    role              text NOT NULL CHECK (role IN ('user', 'assistant')),
    content           text NOT NULL DEFAULT '',
    status            text NOT NULL CHECK (status IN ('streaming', 'complete', 'stopped', 'failed', 'superseded')),
    stop_asked        boolean NOT NULL DEFAULT false,
    model             text,
    prompt_version    int REFERENCES chat_prompts,
    finish_reason     text CHECK (finish_reason IN ('stop', 'length', 'stopped', 'no_evidence', 'budget', 'error')),
    grounded          boolean,
    degraded          text CHECK (degraded IN ('fallback_model', 'retrieval_only', 'budget')),
    error_code        text,
    prompt_tokens     int,
    completion_tokens int,
    cost_microusd     bigint,
    latency_ms        int,
    first_token_ms    int,
    request_id        text,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX messages_conversation ON messages (conversation_id, id DESC);
-- One answer at a time a conversation.
CREATE UNIQUE INDEX messages_one_answer ON messages (conversation_id) WHERE status = 'streaming';

CREATE TABLE message_sources (
    message_id bigint NOT NULL REFERENCES messages ON DELETE CASCADE,
    n          smallint NOT NULL,
    type       text NOT NULL CHECK (type IN ('faq', 'property', 'calculator', 'availability')),
    entity_id  bigint,
    title      text NOT NULL,
    url        text,
    snippet    text,
    score      real NOT NULL,
    PRIMARY KEY (message_id, n)
);

CREATE TABLE tool_calls (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id bigint NOT NULL REFERENCES messages ON DELETE CASCADE,
    name       text NOT NULL,
    arguments  jsonb,
    result     jsonb,
    status     text NOT NULL CHECK (status IN ('ok', 'empty', 'invalid', 'failed', 'unknown')),
    took_ms    int NOT NULL
);
CREATE INDEX tool_calls_message ON tool_calls (message_id);

ALTER TABLE faq_gap_examples ADD FOREIGN KEY (message_id) REFERENCES messages ON DELETE SET NULL;
CREATE INDEX faq_gap_examples_message ON faq_gap_examples (message_id) WHERE message_id IS NOT NULL;

CREATE TABLE message_feedback (
    message_id bigint PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
    rating     smallint NOT NULL CHECK (rating IN (-1, 1)),
    reason     text CHECK (reason IN ('wrong', 'outdated', 'incomplete', 'tone', 'other')),
    comment    text,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- One row a call of a service, also a failed one. cost_microusd NULL: nobody knows the price.
CREATE TABLE llm_usage (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at                timestamptz NOT NULL DEFAULT now(),
    feature           text NOT NULL CHECK (feature IN ('chat', 'search', 'embedding', 'preview', 'eval')),
    provider          text NOT NULL,
    model             text NOT NULL,
    user_id           bigint REFERENCES users ON DELETE SET NULL,
    session_hash      bytea,
    conversation_id   bigint REFERENCES conversations ON DELETE SET NULL,
    message_id        bigint REFERENCES messages ON DELETE SET NULL,
    prompt_version    int,
    prompt_tokens     int,
    completion_tokens int,
    cached_tokens     int,
    cost_microusd     bigint,
    ok                boolean NOT NULL,
    error_code        text,
    fallback          boolean NOT NULL DEFAULT false,
    latency_ms        int NOT NULL
);
CREATE INDEX llm_usage_at ON llm_usage (at);
CREATE INDEX llm_usage_user ON llm_usage (user_id, at);
CREATE INDEX llm_usage_session ON llm_usage (session_hash, at);
CREATE INDEX llm_usage_conversation ON llm_usage (conversation_id);
CREATE INDEX llm_usage_message ON llm_usage (message_id);

CREATE TABLE usage_daily (
    day               date NOT NULL,
    feature           text NOT NULL,
    model             text NOT NULL,
    user_id           bigint NOT NULL DEFAULT 0, -- 0: guests
    prompt_version    int NOT NULL DEFAULT 0,
    calls             bigint NOT NULL DEFAULT 0,
    errors            bigint NOT NULL DEFAULT 0,
    fallbacks         bigint NOT NULL DEFAULT 0,
    unpriced          bigint NOT NULL DEFAULT 0,
    prompt_tokens     bigint NOT NULL DEFAULT 0,
    completion_tokens bigint NOT NULL DEFAULT 0,
    cached_tokens     bigint NOT NULL DEFAULT 0,
    cost_microusd     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (day, feature, model, user_id, prompt_version)
);

CREATE TABLE model_prices (
    model                    text PRIMARY KEY,
    input_microusd_per_mtok  bigint NOT NULL CHECK (input_microusd_per_mtok >= 0),
    output_microusd_per_mtok bigint NOT NULL CHECK (output_microusd_per_mtok >= 0),
    cached_microusd_per_mtok bigint CHECK (cached_microusd_per_mtok >= 0),
    effective_from           timestamptz NOT NULL DEFAULT now()
);

-- Who may see a conversation: its user; while it has none, whoever holds the session.
CREATE FUNCTION chat_is_mine(c conversations, in_user bigint, in_session bytea) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(c.user_id = in_user OR (c.user_id IS NULL AND c.session_hash = in_session), false)
$$;

-- A question and the place of its answer, in the conversation named, the latest of the caller, or a new one. No row: it is not
-- the caller's. An answer that is being written keeps another from beginning (messages_one_answer), unless its process has died.
CREATE FUNCTION chat_begin(in_user bigint, in_session bytea, in_conversation bigint, in_new boolean, in_locale text, in_content text,
                           in_request_id text)
RETURNS TABLE (conversation_id bigint, user_message_id bigint, message_id bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    place bigint;
    question bigint;
BEGIN
    IF in_conversation IS NOT NULL THEN
        SELECT c.id INTO place FROM conversations c
        WHERE c.id = in_conversation AND chat_is_mine(c, in_user, in_session) FOR UPDATE;
        IF NOT FOUND THEN
            RETURN;
        END IF;
    ELSIF NOT in_new AND in_user IS NOT NULL THEN
        SELECT c.id INTO place FROM conversations c
        WHERE c.user_id = in_user ORDER BY c.last_message_at DESC, c.id DESC LIMIT 1 FOR UPDATE;
    ELSIF NOT in_new THEN
        SELECT c.id INTO place FROM conversations c
        WHERE c.user_id IS NULL AND c.session_hash = in_session ORDER BY c.last_message_at DESC, c.id DESC LIMIT 1 FOR UPDATE;
    END IF;
    IF place IS NULL THEN
        INSERT INTO conversations (user_id, session_hash, locale, title)
        VALUES (in_user, CASE WHEN in_user IS NULL THEN in_session END, in_locale, left(regexp_replace(in_content, '\s+', ' ', 'g'), 80))
        RETURNING id INTO place;
    ELSE
        UPDATE messages m SET status = 'failed', finish_reason = 'error', updated_at = now()
        WHERE m.conversation_id = place AND m.status = 'streaming' AND m.created_at < now() - interval '60 s';
    END IF;
    UPDATE conversations c SET last_message_at = now(), updated_at = now(), message_count = c.message_count + 1 WHERE c.id = place;
    INSERT INTO messages (conversation_id, role, content, status, request_id) VALUES (place, 'user', in_content, 'complete', in_request_id)
    RETURNING id INTO question;
    RETURN QUERY
        INSERT INTO messages (conversation_id, role, status, request_id) VALUES (place, 'assistant', 'streaming', in_request_id)
        RETURNING place, question, id;
END
$$;

-- The answer, with all that belongs to it, once: no row when it was ended before.
-- answer: status, content, finish_reason, grounded, degraded, model, prompt_version, error_code, prompt_tokens, completion_tokens,
-- cost_microusd, latency_ms, first_token_ms; sources, calls, usage: arrays of objects with the columns of their tables.
CREATE FUNCTION chat_finish(in_message bigint, answer jsonb, sources jsonb, calls jsonb, usage jsonb, in_reservation bigint)
RETURNS TABLE (created_at timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    place conversations;
    made timestamptz;
BEGIN
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
    SELECT in_message, s.n, s.type, s.entity_id, s.title, s.url, s.snippet, s.score
    FROM jsonb_populate_recordset(NULL::message_sources, sources) s;
    INSERT INTO tool_calls (message_id, name, arguments, result, status, took_ms)
    SELECT in_message, t.name, t.arguments, t.result, t.status, t.took_ms FROM jsonb_populate_recordset(NULL::tool_calls, calls) t;
    PERFORM chat_spent(usage, in_message, place.id, place.user_id, place.session_hash);
    RETURN QUERY SELECT made;
END
$$;

-- Ledger and daily sums of some calls; what the service did not price is priced here if its model is known.
CREATE FUNCTION chat_spent(usage jsonb, in_message bigint, in_conversation bigint, in_user bigint, in_session bytea) RETURNS void
LANGUAGE sql AS $$
    WITH spent AS (
        INSERT INTO llm_usage (feature, provider, model, user_id, session_hash, conversation_id, message_id, prompt_version,
                               prompt_tokens, completion_tokens, cached_tokens, cost_microusd, ok, error_code, fallback, latency_ms)
        SELECT u.feature, u.provider, u.model, in_user, in_session, in_conversation, in_message, u.prompt_version,
               u.prompt_tokens, u.completion_tokens, u.cached_tokens,
               coalesce(u.cost_microusd,
                        ((u.prompt_tokens - coalesce(u.cached_tokens, 0)) * p.input_microusd_per_mtok
                         + coalesce(u.cached_tokens, 0) * coalesce(p.cached_microusd_per_mtok, p.input_microusd_per_mtok)
                         + u.completion_tokens * p.output_microusd_per_mtok + 500000) / 1000000),
               u.ok, u.error_code, u.fallback, u.latency_ms
        FROM jsonb_populate_recordset(NULL::llm_usage, usage) u LEFT JOIN model_prices p ON p.model = u.model
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
        cost_microusd = d.cost_microusd + excluded.cost_microusd
$$;

-- Another answer to the last question: the one before is kept, but no longer counts. No row: not the caller's message;
-- no message_id: it is not the last answer.
CREATE FUNCTION chat_begin_again(in_user bigint, in_session bytea, in_message bigint, in_request_id text)
RETURNS TABLE (conversation_id bigint, user_message_id bigint, message_id bigint, content text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    place bigint;
    question messages;
    answer bigint;
BEGIN
    SELECT c.id INTO place FROM messages m JOIN conversations c ON c.id = m.conversation_id
    WHERE m.id = in_message AND chat_is_mine(c, in_user, in_session) FOR UPDATE OF c;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT m.* INTO question FROM messages m WHERE m.conversation_id = place AND m.role = 'user' ORDER BY m.id DESC LIMIT 1;
    UPDATE messages m SET status = 'superseded', updated_at = now()
    WHERE m.id = in_message AND m.role = 'assistant' AND m.status IN ('complete', 'stopped', 'failed') AND m.id > question.id
      AND NOT EXISTS (SELECT FROM messages l WHERE l.conversation_id = place AND l.id > m.id)
    RETURNING m.id INTO answer;
    IF answer IS NULL THEN
        RETURN QUERY SELECT place, NULL::bigint, NULL::bigint, NULL::text;
        RETURN;
    END IF;
    RETURN QUERY
        INSERT INTO messages (conversation_id, role, status, request_id) VALUES (place, 'assistant', 'streaming', in_request_id)
        RETURNING place, question.id, id, question.content;
END
$$;

-- What belongs to a message, as its readers see it.
CREATE FUNCTION chat_sources_json(in_message bigint) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT coalesce(json_agg(json_build_object('n', s.n, 'type', s.type, 'id', s.entity_id, 'title', s.title, 'url', s.url,
                                               'snippet', s.snippet, 'score', s.score) ORDER BY s.n), '[]')
    FROM message_sources s WHERE s.message_id = in_message
$$;
CREATE FUNCTION chat_calls_json(in_message bigint) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT coalesce(json_agg(json_build_object('name', t.name, 'status', t.status, 'took_ms', t.took_ms) ORDER BY t.id), '[]')
    FROM tool_calls t WHERE t.message_id = in_message
$$;
CREATE FUNCTION chat_feedback_json(in_message bigint) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('rating', CASE WHEN f.rating > 0 THEN 'up' ELSE 'down' END, 'reason', f.reason, 'comment', f.comment)
    FROM message_feedback f WHERE f.message_id = in_message
$$;

-- What may be spent on services: by the whole product, by one user, by one guest.
CREATE TABLE budgets (
    scope            text PRIMARY KEY CHECK (scope IN ('product', 'user', 'guest')),
    daily_microusd   bigint CHECK (daily_microusd >= 0),
    monthly_microusd bigint CHECK (monthly_microusd >= 0),
    on_exceed        text NOT NULL DEFAULT 'retrieval_only' CHECK (on_exceed IN ('cheaper', 'retrieval_only', 'block')),
    alert_pct        int NOT NULL DEFAULT 80 CHECK (alert_pct BETWEEN 1 AND 100),
    alerted_on       date,
    updated_at       timestamptz NOT NULL DEFAULT now(),
    version          int NOT NULL DEFAULT 1,
    CHECK (daily_microusd IS NOT NULL OR monthly_microusd IS NOT NULL)
);

-- Set aside for an answer on its way; what a dead process left behind stops counting after a while.
CREATE TABLE budget_reservations (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT now(),
    user_id         bigint,
    session_hash    bytea,
    amount_microusd bigint NOT NULL
);
CREATE INDEX budget_reservations_at ON budget_reservations (at);

-- Which limit the amount would pass: 'cheaper', 'retrieval_only' or 'block' as that limit says, NULL = none.
CREATE FUNCTION chat_budget_step(amount bigint, in_user bigint, in_session bytea) RETURNS text LANGUAGE sql STABLE AS $$
    WITH today AS (SELECT (now() AT TIME ZONE 'UTC')::date AS day),
    held AS (SELECT r.* FROM budget_reservations r WHERE r.at > now() - interval '60 s'),
    used AS (
        SELECT b.scope, b.on_exceed, b.daily_microusd, b.monthly_microusd,
               CASE b.scope
                    WHEN 'product' THEN (SELECT coalesce(sum(u.cost_microusd), 0) FROM usage_daily u, today WHERE u.day = today.day)
                                        + (SELECT coalesce(sum(h.amount_microusd), 0) FROM held h)
                    WHEN 'user' THEN (SELECT coalesce(sum(u.cost_microusd), 0) FROM usage_daily u, today
                                      WHERE u.day = today.day AND u.user_id = in_user)
                                     + (SELECT coalesce(sum(h.amount_microusd), 0) FROM held h WHERE h.user_id = in_user)
                    ELSE (SELECT coalesce(sum(u.cost_microusd), 0) FROM llm_usage u, today
                          WHERE u.session_hash = in_session AND u.at >= today.day::timestamp AT TIME ZONE 'UTC')
                         + (SELECT coalesce(sum(h.amount_microusd), 0) FROM held h WHERE h.session_hash = in_session) END AS today,
               (SELECT coalesce(sum(u.cost_microusd), 0) FROM usage_daily u, today
                WHERE u.day >= date_trunc('month', today.day)::date)
               + (SELECT coalesce(sum(h.amount_microusd), 0) FROM held h) AS month
        FROM budgets b
        WHERE b.scope = 'product' OR (b.scope = 'user' AND in_user IS NOT NULL) OR (b.scope = 'guest' AND in_user IS NULL)
    )
    SELECT u.on_exceed FROM used u
    WHERE u.today + amount > u.daily_microusd OR (u.scope = 'product' AND u.month + amount > u.monthly_microusd)
    ORDER BY array_position(ARRAY['block', 'retrieval_only', 'cheaper'], u.on_exceed) LIMIT 1
$$;

-- Sets aside what an answer may cost at most. step NULL: the usual model may answer; alert: the product's budget has just passed
-- its alert_pct. What has no price counts nothing.
CREATE FUNCTION chat_reserve(in_user bigint, in_session bytea, in_model text, in_fallback text, in_prompt_tokens bigint, in_max_tokens bigint)
RETURNS TABLE (step text, reservation_id bigint, alert boolean) LANGUAGE plpgsql AS $$
DECLARE
    prompt chat_prompts;
    amount bigint;
BEGIN
    PERFORM FROM budgets ORDER BY scope FOR UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT NULL::text, NULL::bigint, false;
        RETURN;
    END IF;
    SELECT p.* INTO prompt FROM chat_prompts p WHERE p.active;
    amount := chat_price(coalesce(prompt.models ->> 'chat', in_model), in_prompt_tokens, coalesce(prompt.max_tokens, in_max_tokens));
    step := chat_budget_step(amount, in_user, in_session);
    IF step = 'cheaper' THEN
        amount := chat_price(coalesce(prompt.models ->> 'fallback', in_fallback), in_prompt_tokens, coalesce(prompt.max_tokens, in_max_tokens));
        IF chat_budget_step(amount, in_user, in_session) IS NOT NULL THEN
            step := 'retrieval_only';
        END IF;
    END IF;
    IF step IS NULL OR step = 'cheaper' THEN
        INSERT INTO budget_reservations (user_id, session_hash, amount_microusd)
        VALUES (in_user, CASE WHEN in_user IS NULL THEN in_session END, amount) RETURNING id INTO reservation_id;
    END IF;
    UPDATE budgets b SET alerted_on = (now() AT TIME ZONE 'UTC')::date
    WHERE b.scope = 'product' AND b.alerted_on IS DISTINCT FROM (now() AT TIME ZONE 'UTC')::date
      AND ((SELECT coalesce(sum(u.cost_microusd), 0) FROM usage_daily u WHERE u.day = (now() AT TIME ZONE 'UTC')::date) * 100
               >= b.daily_microusd * b.alert_pct
           OR (SELECT coalesce(sum(u.cost_microusd), 0) FROM usage_daily u
               WHERE u.day >= date_trunc('month', now() AT TIME ZONE 'UTC')::date) * 100 >= b.monthly_microusd * b.alert_pct);
    alert := FOUND;
    RETURN NEXT;
END
$$;

CREATE FUNCTION chat_price(in_model text, in_prompt_tokens bigint, in_completion_tokens bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT (in_prompt_tokens * p.input_microusd_per_mtok + in_completion_tokens * p.output_microusd_per_mtok + 500000) / 1000000
                     FROM model_prices p WHERE p.model = in_model), 0)
$$;

-- Questions whose answers are known to be right or wrong, and how a version of the prompt did with them.
CREATE TABLE golden_cases (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    question   text NOT NULL,
    locale     text NOT NULL,
    rules      jsonb NOT NULL, -- must_include[], must_not_include[], must_cite[], expect_refusal
    created_by bigint REFERENCES users,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE eval_runs (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    prompt_version int NOT NULL REFERENCES chat_prompts,
    passed         int NOT NULL,
    failed         int NOT NULL,
    results        jsonb NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX eval_runs_version ON eval_runs (prompt_version, id DESC);
