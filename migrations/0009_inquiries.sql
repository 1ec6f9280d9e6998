-- Inquiries: what visitors and guests of the chat want a person to answer; and what keeps guests' conversations for a while only.

CREATE TABLE inquiries (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    property_id     bigint REFERENCES properties,
    user_id         bigint REFERENCES users,
    session_hash    bytea CHECK (octet_length(session_hash) = 32), -- of a guest, until one signs in
    conversation_id bigint REFERENCES conversations ON DELETE SET NULL,
    kind            text NOT NULL CHECK (kind IN ('question', 'viewing', 'offer', 'callback', 'handoff')),
    name            text NOT NULL,
    email           text NOT NULL,
    phone           text,
    message         text NOT NULL,
    preferred_times jsonb NOT NULL DEFAULT '[]',
    consent_at      timestamptz NOT NULL,
    status          text NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'open', 'won', 'lost', 'spam')),
    assigned_to     bigint REFERENCES users,
    note            text,
    ip_hash         bytea NOT NULL CHECK (octet_length(ip_hash) = 32),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    version         int NOT NULL DEFAULT 1
);
CREATE INDEX inquiries_status ON inquiries (status, id DESC);
CREATE INDEX inquiries_assigned ON inquiries (assigned_to, status);
CREATE INDEX inquiries_session ON inquiries (session_hash) WHERE session_hash IS NOT NULL;
CREATE INDEX inquiries_property ON inquiries (property_id, id DESC) WHERE property_id IS NOT NULL;
CREATE INDEX inquiries_conversation ON inquiries (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX inquiries_user ON inquiries (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX inquiries_created ON inquiries (created_at);

-- Admins see all; an agent those about listings of their own, and those given to them.
CREATE FUNCTION inquiry_is_visible(i inquiries, in_user bigint, in_admin boolean) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT in_admin OR coalesce(i.assigned_to = in_user, false)
           OR EXISTS (SELECT FROM properties p WHERE p.id = i.property_id AND (p.agent_id = in_user OR p.created_by = in_user))
$$;

-- Guests' conversations by age, to delete the old ones.
CREATE INDEX conversations_guest_age ON conversations (coalesce(last_message_at, created_at)) WHERE user_id IS NULL;
-- For administrators: all conversations, latest first; and what was said since.
CREATE INDEX conversations_latest ON conversations (coalesce(last_message_at, created_at) DESC, id DESC);
CREATE INDEX messages_created ON messages (created_at);

-- Conversations that an administrator looks for: by title or what was said, and by one answer in them that fits all the rest. Each
-- condition is looked up once, not for every conversation.
CREATE FUNCTION chat_reviewed(in_rating bigint, in_grounded boolean, in_degraded text, in_model text, in_version bigint, in_any boolean,
                              in_q text) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    WITH wanted AS (
        SELECT '%' || replace(replace(replace(in_q, '\', '\\'), '%', '\%'), '_', '\_') || '%' AS pattern
    )
    SELECT c.id FROM conversations c
    WHERE (NOT in_any OR c.id IN (
              SELECT m.conversation_id FROM messages m LEFT JOIN message_feedback f ON f.message_id = m.id
              WHERE m.role = 'assistant'
                AND (in_rating IS NULL OR f.rating = in_rating)
                AND (in_grounded IS NULL OR m.grounded = in_grounded)
                AND (in_degraded IS NULL OR m.degraded = in_degraded OR (in_degraded = 'any' AND m.degraded IS NOT NULL))
                AND (in_model IS NULL OR m.model = in_model)
                AND (in_version IS NULL OR m.prompt_version = in_version)))
      AND (in_q IS NULL OR c.title ILIKE (SELECT w.pattern FROM wanted w)
           OR c.id IN (SELECT m.conversation_id FROM messages m WHERE m.content ILIKE (SELECT w.pattern FROM wanted w)))
$$;
