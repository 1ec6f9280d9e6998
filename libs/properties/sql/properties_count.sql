-- How many fit, exactly. $1 jsonb filters
SELECT count(*) AS total FROM properties_filtered($1::jsonb)
