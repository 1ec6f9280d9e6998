-- Holds one category for a change. $1 bigint id
SELECT c.id, c.version FROM faq_categories c WHERE c.id = $1::bigint FOR UPDATE
