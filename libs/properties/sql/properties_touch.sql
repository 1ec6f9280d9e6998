-- Counts the version on after a change of images or texts. $1 bigint id
UPDATE properties SET version = version + 1, updated_at = now() WHERE id = $1::bigint
