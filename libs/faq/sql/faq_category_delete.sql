-- A category that no entry is in; otherwise the foreign key refuses. $1 bigint id
DELETE FROM faq_categories c WHERE c.id = $1::bigint
