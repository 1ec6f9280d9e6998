-- Takes the conversation of a self-test away.
-- $1 text hash of the session, in hex
DELETE FROM conversations WHERE session_hash = decode($1::text, 'hex')
