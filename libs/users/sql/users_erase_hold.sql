-- Holds a person whom Clerk has deleted, if known: see person_is_there. $1 text Clerk user id
SELECT u.id FROM users u WHERE u.clerk_user_id = $1::text FOR UPDATE
