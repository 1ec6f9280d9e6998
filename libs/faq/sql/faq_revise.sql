-- Keeps an entry as it is now; a version that was kept before stays. $1 bigint id
INSERT INTO faq_revisions (faq_id, version, question, answer, changed_by, changed_at)
SELECT d.id, d.version, d.question, d.answer, d.updated_by, d.updated_at FROM faq_documents d WHERE d.id = $1::bigint
ON CONFLICT (faq_id, version) DO NOTHING
