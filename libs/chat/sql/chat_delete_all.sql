-- All conversations of the caller. $1 bigint user (NULL = guest), $2 text hex hash of the session
DELETE FROM conversations c
WHERE c.user_id = $1::bigint OR (c.user_id IS NULL AND $1::bigint IS NULL AND c.session_hash = decode($2::text, 'hex'))
