-- A guest's conversations become a user's; the session has no power over them any more. $1 bigint user, $2 text hex hash
UPDATE conversations SET user_id = $1::bigint, session_hash = NULL, updated_at = now()
WHERE user_id IS NULL AND session_hash = decode($2::text, 'hex')
