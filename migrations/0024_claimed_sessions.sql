-- Sessions whose conversations and inquiries somebody has taken over: the claim repeated is no mistake, one of a session that nobody knows is.
CREATE TABLE claimed_sessions (
    session_hash bytea PRIMARY KEY CHECK (octet_length(session_hash) = 32),
    claimed_at   timestamptz NOT NULL DEFAULT now()
);
