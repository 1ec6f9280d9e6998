-- Nothing came of an answer. $1 bigint reservation
DELETE FROM budget_reservations WHERE id = $1::bigint
