-- How many rows the list of unanswered questions has. $1 text status, $2 text locale (NULL = any)
SELECT count(*) AS total FROM faq_gaps g
WHERE ($1::text IS NULL OR g.status = $1::text) AND ($2::text IS NULL OR g.locale = $2::text)
