-- Writes calls of a service that belong to no message. $1 jsonb usage, $2 bigint user, $3 bigint reservation that ends (NULL = none)
WITH gone AS (
    DELETE FROM budget_reservations b WHERE b.id = $3::bigint RETURNING b.amount_microusd
)
SELECT chat_book($1::jsonb, NULL, NULL, $2::bigint, NULL, (SELECT gone.amount_microusd FROM gone)) IS NULL AS done
