-- Writes calls of a service that belong to no message. $1 jsonb usage, $2 bigint user
SELECT chat_book($1::jsonb, NULL, NULL, $2::bigint, NULL, NULL) IS NULL AS done
