-- $1 bigint golden question
DELETE FROM golden_cases WHERE id = $1::bigint
