-- $1 bigint id
DELETE FROM property_images WHERE property_id = $1::bigint
