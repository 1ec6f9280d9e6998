-- A vote in place of a former one of the same user or session, and the counts that follow from it; after faq_feedback_lock.
-- $1 bigint entry, $2 bigint user (NULL = guest), $3 text hex hash of the guest's session, $4 boolean helpful, $5 text comment
WITH former AS (
    SELECT id, helpful FROM faq_feedback
    WHERE faq_id = $1::bigint AND (user_id = $2::bigint OR session_hash = decode($3::text, 'hex'))
), changed AS (
    UPDATE faq_feedback f SET helpful = $4::boolean, comment = $5::text, updated_at = now()
    FROM former WHERE f.id = former.id
), added AS (
    INSERT INTO faq_feedback (faq_id, user_id, session_hash, helpful, comment)
    SELECT $1::bigint, $2::bigint, decode($3::text, 'hex'), $4::boolean, $5::text
    WHERE NOT EXISTS (SELECT FROM former)
)
UPDATE faq_documents SET
    helpful_count = helpful_count + CASE WHEN $4::boolean THEN 1 ELSE 0 END
                    - (SELECT count(*) FROM former WHERE helpful)::int,
    not_helpful_count = not_helpful_count + CASE WHEN $4::boolean THEN 0 ELSE 1 END
                        - (SELECT count(*) FROM former WHERE NOT helpful)::int
WHERE id = $1::bigint
