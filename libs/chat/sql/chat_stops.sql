-- Which of these answers were asked to stop. $1 bigint[] messages
SELECT m.id FROM messages m WHERE m.id = ANY ($1::bigint[]) AND m.stop_asked
