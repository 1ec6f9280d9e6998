-- Holds one person and all active admins for a change, always in the order of ids, so that two changes never block each
-- other and the last admin is known. $1 bigint id
SELECT u.id, u.version, u.role, u.status
FROM users u
WHERE u.id = $1::bigint OR (u.role = 'admin' AND u.status = 'active')
ORDER BY u.id
FOR UPDATE
