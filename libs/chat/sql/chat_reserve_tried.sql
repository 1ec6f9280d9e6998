-- Writes a reservation of what an answer that nobody keeps may cost, its first choice of tools and its text; allowed false: a budget
-- does not allow it. $1 bigint user (NULL = nobody), $2 text model that chooses, $3 text model that answers, $4 bigint tokens to read,
-- $5 bigint tokens to write
SELECT allowed, reservation_id FROM chat_reserve_tried($1::bigint, ARRAY[$2::text, $3::text], $4::bigint, $5::bigint)
