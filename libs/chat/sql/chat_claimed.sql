-- Whether a session has been claimed: how often it is noted, 0 or 1. $1 text hex hash of the session
SELECT count(*) AS total FROM claimed_sessions WHERE session_hash = decode($1::text, 'hex')
