-- A question is asked of Postgres once, not three times: what its answer may cost is set aside, its place is written, and it is told
-- which version of the prompt answers.

-- A new question (chat_begin), or another answer to the last one (in_again, chat_begin_again); in_model NULL: no service is asked, and
-- nothing is set aside (chat_reserve). No row: it is not the caller's conversation. step 'block': nothing was written. No
-- message_id: it is not the last answer. known: something was said before the question.
-- The disk is not waited for: with Postgres itself a question may die whose answer has not ended, and no other; an answer that
-- ends (chat_finish) waits, for its question too.
CREATE FUNCTION chat_ask(in_user bigint, in_session bytea, in_conversation bigint, in_new boolean, in_locale text, in_content text,
                         in_request_id text, in_again bigint, in_model text, in_fallback text, in_prompt_tokens bigint,
                         in_max_tokens bigint)
RETURNS TABLE (conversation_id bigint, user_message_id bigint, message_id bigint, content text, prompt_version int, step text,
               reservation_id bigint, alert boolean, known boolean) LANGUAGE plpgsql ROWS 1 AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    alert := false;
    IF in_model IS NOT NULL THEN
        SELECT r.* INTO step, reservation_id, alert
        FROM chat_reserve(in_user, in_session, in_model, in_fallback, in_prompt_tokens, in_max_tokens) r;
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
