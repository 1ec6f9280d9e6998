-- Money in another currency by the latest rate; NULL without a rate. $1 bigint amount, $2 text from, $3 text to
SELECT money_convert($1::bigint, $2::text, $3::text) AS amount_minor
