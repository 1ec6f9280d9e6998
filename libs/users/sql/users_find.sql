-- The person behind a verified token, on a server that takes no writes. $1 text Clerk user id
SELECT id, role, status, email IS NOT NULL AS email_known
FROM users
WHERE clerk_user_id = $1::text
