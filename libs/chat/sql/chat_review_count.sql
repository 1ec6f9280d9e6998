-- How many fit. Parameters as of chat_review_list, $1 to $7
SELECT count(*) AS total FROM conversations c
WHERE ((NOT $6::boolean AND $7::text IS NULL)
       OR c.id IN (SELECT chat_reviewed($1::bigint, $2::boolean, $3::text, $4::text, $5::bigint, $6::boolean, $7::text)))
