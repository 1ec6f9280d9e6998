-- Golden questions in the order of their ids. $1 bigint last row of the page before (0 = first page), $2 bigint rows
SELECT g.id, g.question, g.locale, g.rules, g.created_at FROM golden_cases g WHERE g.id > $1::bigint ORDER BY g.id LIMIT $2::bigint
