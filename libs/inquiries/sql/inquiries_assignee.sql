-- No row: this user cannot be given inquiries. $1 bigint user
SELECT u.id FROM users u WHERE u.id = $1::bigint AND u.role IN ('agent', 'admin') AND u.status = 'active' FOR SHARE
