-- A session has been claimed. $1 text hex hash of the session
INSERT INTO claimed_sessions (session_hash) VALUES (decode($1::text, 'hex'))
ON CONFLICT (session_hash) DO UPDATE SET claimed_at = now()
