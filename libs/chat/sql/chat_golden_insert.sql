-- A golden question. $1 text question, $2 text locale, $3 jsonb rules, $4 bigint author
INSERT INTO golden_cases (question, locale, rules, created_by)
VALUES ($1::text, $2::text, $3::jsonb, $4::bigint)
RETURNING id, question, locale, rules, created_at
