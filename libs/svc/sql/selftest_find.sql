-- How many conversations a guest's session has.
-- $1 text hash of the session, in hex
SELECT count(*) AS total FROM conversations WHERE session_hash = decode($1::text, 'hex')
