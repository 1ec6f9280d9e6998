-- One vote after the other: holds a published entry until the end of the transaction. $1 bigint id
SELECT id FROM faq_documents WHERE id = $1::bigint AND status = 'published' FOR UPDATE
