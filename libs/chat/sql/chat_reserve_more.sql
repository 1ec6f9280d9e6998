-- Writes into a reservation what one call more of an answer may cost; false: a budget does not allow it. $1 bigint reservation,
-- $2 text model, $3 bigint tokens to read, $4 bigint tokens to write
SELECT chat_reserve_more($1::bigint, $2::text, $3::bigint, $4::bigint) AS allowed
