-- Writes an answer and all that belongs to it; no row: it was ended before. $1 bigint message, $2 jsonb answer, $3 jsonb sources,
-- $4 jsonb tool calls, $5 jsonb usage, $6 bigint reservation of the budget (NULL = none), $7 bigint user who asked (NULL = a guest),
-- $8 bytea hash of the session (NULL = none)
SELECT created_at FROM chat_finish($1::bigint, $2::jsonb, $3::jsonb, $4::jsonb, $5::jsonb, $6::bigint, $7::bigint, $8::bytea)
