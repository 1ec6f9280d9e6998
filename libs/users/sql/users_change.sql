-- Role and status of one person. $1 bigint id, $2 text role, $3 text status (NULL = unchanged)
UPDATE users
SET role = coalesce($2::text, role), status = coalesce($3::text, status), updated_at = now(), version = version + 1
WHERE id = $1::bigint
