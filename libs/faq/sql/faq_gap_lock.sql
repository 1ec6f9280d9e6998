-- Holds one gap for a change, with what a draft of its answer begins with: the category asked for, or that of the nearest
-- entry, or the first one. $1 bigint id, $2 bigint category (NULL = not asked for)
SELECT g.id, g.status, g.locale, g.sample_question,
       coalesce($2::bigint, (SELECT d.category_id FROM faq_documents d WHERE d.id = g.best_faq_id),
                (SELECT c.id FROM faq_categories c ORDER BY c.position, c.id LIMIT 1)) AS category_id
FROM faq_gaps g
WHERE g.id = $1::bigint
FOR UPDATE OF g
