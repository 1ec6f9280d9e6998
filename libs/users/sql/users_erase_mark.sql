-- From here on their token is nobody's. $1 bigint user
UPDATE users SET status = 'deleted', deleted_at = now(), updated_at = now(), version = version + 1 WHERE id = $1::bigint
