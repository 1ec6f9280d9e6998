-- A guest's inquiries become a user's. $1 bigint user, $2 text hex hash of the session
UPDATE inquiries SET user_id = $1::bigint, session_hash = NULL, updated_at = now(), version = version + 1
WHERE user_id IS NULL AND session_hash = decode($2::text, 'hex')
