-- $1 bigint property: its rules go, for others to come
DELETE FROM rate_rules u WHERE u.property_id = $1::bigint
