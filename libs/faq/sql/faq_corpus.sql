-- The text of all entries whose vectors are compared, page by page: which terms are telling.
-- $1 bigint id of the last one of the page before, $2 bigint rows
SELECT id, question || E'\n' || variants_text || E'\n' || answer AS text
FROM faq_documents
WHERE status IN ('published', 'declined') AND id > $1::bigint
ORDER BY id
LIMIT $2::bigint
