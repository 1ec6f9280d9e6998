-- Of questions that come at once in one conversation one is stored, and the others are told at once: before, each waited for the
-- row with a connection of its own until the one before it was stored or refused.
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
        IF NOT FOUND THEN -- somebody is at it
            RAISE unique_violation USING MESSAGE = 'the conversation is being written to', CONSTRAINT = 'messages_one_answer';
        END IF;
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
