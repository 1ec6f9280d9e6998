-- A question that meets somebody else who writes to its conversation for a moment (a title, an answer that ends) is told so, and no longer
-- that an answer is being written: it comes again. It does not wait here, on a connection that others need.
-- How long an answer may take is said in one place, and no longer twice as long as it can.

-- Whether somebody may still be writing this answer: 25 s for it, 5 to store it, and the statement that made its place. The process of an
-- older one has died.
CREATE FUNCTION chat_is_written(m messages) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT m.status = 'streaming' AND m.created_at >= now() - interval '40 s'
$$;

-- Of answers that nobody writes any more; the caller has the conversation's row.
CREATE FUNCTION chat_end_left(in_conversation bigint) RETURNS void LANGUAGE sql AS $$
    UPDATE messages m SET status = 'failed', finish_reason = 'error', updated_at = now()
    WHERE m.conversation_id = in_conversation AND m.status = 'streaming' AND NOT chat_is_written(m)
$$;

CREATE OR REPLACE FUNCTION chat_begin(in_user bigint, in_session bytea, in_conversation bigint, in_new boolean, in_locale text, in_content text,
                                      in_request_id text)
RETURNS TABLE (conversation_id bigint, user_message_id bigint, message_id bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    place bigint;
    question bigint;
BEGIN
    IF in_conversation IS NOT NULL THEN
        SELECT c.id INTO place FROM conversations c WHERE c.id = in_conversation AND chat_is_mine(c, in_user, in_session);
        IF NOT FOUND THEN
            RETURN;
        END IF;
    ELSIF NOT in_new AND in_user IS NOT NULL THEN
        SELECT c.id INTO place FROM conversations c
        WHERE c.user_id = in_user ORDER BY c.last_message_at DESC, c.id DESC LIMIT 1;
    ELSIF NOT in_new THEN
        SELECT c.id INTO place FROM conversations c
        WHERE c.user_id IS NULL AND c.session_hash = in_session ORDER BY c.last_message_at DESC, c.id DESC LIMIT 1;
    END IF;
    IF place IS NULL THEN
        INSERT INTO conversations (user_id, session_hash, locale, title)
        VALUES (in_user, CASE WHEN in_user IS NULL THEN in_session END, in_locale, left(regexp_replace(in_content, '\s+', ' ', 'g'), 80))
        RETURNING id INTO place;
    ELSE
        PERFORM FROM conversations c WHERE c.id = place AND chat_is_mine(c, in_user, in_session) FOR NO KEY UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RAISE unique_violation USING MESSAGE = 'the conversation is being written to', CONSTRAINT = 'conversations_one_writer';
        END IF;
        PERFORM chat_end_left(place);
    END IF;
    UPDATE conversations c SET last_message_at = now(), updated_at = now(), message_count = c.message_count + 1 WHERE c.id = place;
    INSERT INTO messages (conversation_id, role, content, status, request_id) VALUES (place, 'user', in_content, 'complete', in_request_id)
    RETURNING id INTO question;
    RETURN QUERY
        INSERT INTO messages (conversation_id, role, status, request_id) VALUES (place, 'assistant', 'streaming', in_request_id)
        RETURNING place, question, id;
END
$$;

CREATE OR REPLACE FUNCTION chat_begin_again(in_user bigint, in_session bytea, in_message bigint, in_request_id text)
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
    PERFORM chat_end_left(place);
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
