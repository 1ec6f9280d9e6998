-- Unanswered questions that a person asked in the chat: the examples, and all that is known of those which are called by one.
-- Before the conversations go. $1 bigint user
WITH asked AS (
    DELETE FROM faq_gap_examples e USING messages m, conversations c
    WHERE m.id = e.message_id AND c.id = m.conversation_id AND c.user_id = $1::bigint
    RETURNING e.id, e.gap_id, e.question
)
DELETE FROM faq_gaps g
WHERE g.id IN (SELECT a.gap_id FROM asked a)
  AND (g.sample_question IN (SELECT a.question FROM asked a WHERE a.gap_id = g.id)
       OR NOT EXISTS (SELECT FROM faq_gap_examples o WHERE o.gap_id = g.id AND o.id NOT IN (SELECT a.id FROM asked a)))
