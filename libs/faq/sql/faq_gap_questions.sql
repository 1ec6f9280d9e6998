-- The stored examples of a gap, newest first. $1 bigint gap
SELECT e.question, g.locale FROM faq_gap_examples e JOIN faq_gaps g ON g.id = e.gap_id
WHERE e.gap_id = $1::bigint
ORDER BY e.id DESC
LIMIT 20
