-- Votes of a person about the FAQ, and the counts that follow from them. $1 bigint user
WITH gone AS (
    DELETE FROM faq_feedback WHERE user_id = $1::bigint RETURNING faq_id, helpful
), counted AS (
    SELECT g.faq_id, count(*) FILTER (WHERE g.helpful)::int AS helpful, count(*) FILTER (WHERE NOT g.helpful)::int AS other
    FROM gone g GROUP BY g.faq_id
)
UPDATE faq_documents d
SET helpful_count = d.helpful_count - c.helpful, not_helpful_count = d.not_helpful_count - c.other
FROM counted c WHERE d.id = c.faq_id
