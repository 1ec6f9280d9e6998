-- How many fit. Parameters as of chat_review_list, $1 to $7
SELECT count(*) AS total FROM conversations c
WHERE chat_reviewed(c, $1::bigint, $2::boolean, $3::text, $4::text, $5::bigint, $6::boolean, $7::text)
