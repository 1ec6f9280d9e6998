-- The newest texts: which terms are telling. $1 bigint rows
SELECT text FROM property_parts ORDER BY property_id DESC LIMIT $1::bigint
