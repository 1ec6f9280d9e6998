-- A guest's conversation that nobody has: to see where it can be found.
-- $1 text hash of the session, in hex
INSERT INTO conversations (session_hash, locale, title) VALUES (decode($1::text, 'hex'), 'en', 'selftest')
