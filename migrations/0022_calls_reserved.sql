-- Of a budget is set aside what every call of a service may cost before it is made: with the question for the first choice of tools and
-- for the answer, during the answer for each call more. Before, one call of the model that answers stood for all of them, and a model
-- without a price for nothing.

-- What a call costs at most. A model without a price may be as dear as the dearest that has one; 0: nothing has a price.
CREATE FUNCTION chat_price_at_most(in_model text, in_prompt_tokens bigint, in_completion_tokens bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce(chat_price(in_model, in_prompt_tokens, 0, in_completion_tokens),
                    (SELECT max(chat_price(p.model, in_prompt_tokens, 0, in_completion_tokens)) FROM model_prices p), 0);
END
$$;

-- Sets aside what the first choice of tools (in_search; NULL: nothing is chosen) and an answer may cost at most. step NULL: the usual
-- model may answer; alert: the product's budget has just passed its mark.
CREATE FUNCTION chat_reserve(in_user bigint, in_session bytea, in_model text, in_fallback text, in_search text, in_prompt_tokens bigint,
                             in_max_tokens bigint)
RETURNS TABLE (step text, reservation_id bigint, alert boolean) LANGUAGE plpgsql AS $$
DECLARE
    prompt chat_prompts;
    writes bigint;
    choice bigint := 0;
    amount bigint;
BEGIN
    PERFORM FROM budgets ORDER BY scope FOR UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT NULL::text, NULL::bigint, false;
        RETURN;
    END IF;
    SELECT p.* INTO prompt FROM chat_prompts p WHERE p.active;
    writes := coalesce(prompt.max_tokens, in_max_tokens);
    IF in_search IS NOT NULL THEN
        choice := chat_price_at_most(coalesce(prompt.models ->> 'search', in_search), in_prompt_tokens, writes);
    END IF;
    amount := choice + chat_price_at_most(coalesce(prompt.models ->> 'chat', in_model), in_prompt_tokens, writes);
    step := chat_budget_step(amount, in_user, in_session);
    IF step = 'cheaper' THEN
        amount := choice + chat_price_at_most(coalesce(prompt.models ->> 'fallback', in_fallback), in_prompt_tokens, writes);
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

-- The same for an answer that nobody keeps, of these models: there is no other one to answer, so allowed or not. NULL: no budget is set.
CREATE FUNCTION chat_reserve_tried(in_user bigint, in_models text[], in_prompt_tokens bigint, in_max_tokens bigint)
RETURNS TABLE (allowed boolean, reservation_id bigint) LANGUAGE plpgsql AS $$
DECLARE
    amount bigint;
BEGIN
    PERFORM FROM budgets ORDER BY scope FOR UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT true, NULL::bigint;
        RETURN;
    END IF;
    amount := (SELECT sum(chat_price_at_most(m.model, in_prompt_tokens, in_max_tokens)) FROM unnest(in_models) AS m (model));
    allowed := chat_budget_step(amount, in_user, NULL) IS NULL;
    IF allowed THEN
        INSERT INTO budget_reservations (user_id, amount_microusd) VALUES (in_user, amount) RETURNING id INTO reservation_id;
    END IF;
    RETURN NEXT;
END
$$;

-- One call more of an answer that has a reservation; false: a limit would be passed, and the call is not made. The disk is not waited for.
CREATE FUNCTION chat_reserve_more(in_reservation bigint, in_model text, in_prompt_tokens bigint, in_max_tokens bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    held budget_reservations;
    amount bigint := chat_price_at_most(in_model, in_prompt_tokens, in_max_tokens);
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM FROM budgets ORDER BY scope FOR UPDATE;
    SELECT r.* INTO held FROM budget_reservations r WHERE r.id = in_reservation;
    IF held.id IS NULL OR chat_budget_step(amount, held.user_id, held.session_hash) IS NOT NULL THEN
        RETURN false;
    END IF;
    UPDATE budget_reservations r SET amount_microusd = r.amount_microusd + amount WHERE r.id = in_reservation;
    RETURN true;
END
$$;

-- As before, but who is neither user nor guest, as a job, has no budget of a guest.
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
        WHERE b.scope = 'product' OR (b.scope = 'user' AND in_user IS NOT NULL) OR (b.scope = 'guest' AND in_user IS NULL AND in_session IS NOT NULL)
    )
    SELECT u.on_exceed FROM used u
    WHERE u.today + amount > u.daily_microusd OR (u.scope = 'product' AND u.month + amount > u.monthly_microusd)
    ORDER BY array_position(ARRAY['block', 'retrieval_only', 'cheaper'], u.on_exceed) LIMIT 1
$$;

-- As the function of twelve arguments was, with the model that chooses tools.
CREATE FUNCTION chat_ask(in_user bigint, in_session bytea, in_conversation bigint, in_new boolean, in_locale text, in_content text,
                         in_request_id text, in_again bigint, in_model text, in_fallback text, in_search text, in_prompt_tokens bigint,
                         in_max_tokens bigint)
RETURNS TABLE (conversation_id bigint, user_message_id bigint, message_id bigint, content text, prompt_version int, step text,
               reservation_id bigint, alert boolean, known boolean) LANGUAGE plpgsql ROWS 1 AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    alert := false;
    IF in_model IS NOT NULL THEN
        SELECT r.* INTO step, reservation_id, alert
        FROM chat_reserve(in_user, in_session, in_model, in_fallback, in_search, in_prompt_tokens, in_max_tokens) r;
        IF step = 'block' THEN
            RETURN NEXT;
            RETURN;
        END IF;
    END IF;
    IF in_again IS NULL THEN
        SELECT b.* INTO conversation_id, user_message_id, message_id
        FROM chat_begin(in_user, in_session, in_conversation, in_new, in_locale, in_content, in_request_id) b;
    ELSE
        SELECT b.* INTO conversation_id, user_message_id, message_id, content
        FROM chat_begin_again(in_user, in_session, in_again, in_request_id) b;
    END IF;
    IF message_id IS NULL THEN
        DELETE FROM budget_reservations b WHERE b.id = reservation_id;
        reservation_id := NULL;
    END IF;
    IF conversation_id IS NULL THEN
        RETURN;
    END IF;
    SELECT p.version INTO prompt_version FROM chat_prompts p WHERE p.active;
    known := EXISTS (SELECT FROM messages m WHERE m.conversation_id = chat_ask.conversation_id AND m.id < user_message_id);
    RETURN NEXT;
END
$$;

-- Programs of before call these.
CREATE OR REPLACE FUNCTION chat_ask(in_user bigint, in_session bytea, in_conversation bigint, in_new boolean, in_locale text, in_content text,
                                    in_request_id text, in_again bigint, in_model text, in_fallback text, in_prompt_tokens bigint,
                                    in_max_tokens bigint)
RETURNS TABLE (conversation_id bigint, user_message_id bigint, message_id bigint, content text, prompt_version int, step text,
               reservation_id bigint, alert boolean, known boolean) LANGUAGE sql ROWS 1 AS $$
    SELECT * FROM chat_ask(in_user, in_session, in_conversation, in_new, in_locale, in_content, in_request_id, in_again, in_model, in_fallback,
                           NULL::text, in_prompt_tokens, in_max_tokens)
$$;
CREATE OR REPLACE FUNCTION chat_reserve(in_user bigint, in_session bytea, in_model text, in_fallback text, in_prompt_tokens bigint,
                                        in_max_tokens bigint)
RETURNS TABLE (step text, reservation_id bigint, alert boolean) LANGUAGE sql AS $$
    SELECT * FROM chat_reserve(in_user, in_session, in_model, in_fallback, NULL::text, in_prompt_tokens, in_max_tokens)
$$;
