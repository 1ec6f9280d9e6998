-- Holds one entry for a change. $1 bigint id
SELECT d.id, d.version, d.status FROM faq_documents d WHERE d.id = $1::bigint FOR UPDATE
