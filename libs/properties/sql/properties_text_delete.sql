-- $1 bigint id, $2 text locale
DELETE FROM property_texts WHERE property_id = $1::bigint AND locale = $2::text
