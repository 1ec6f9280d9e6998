-- What was said last before a question, oldest first, within $3 characters. $1 bigint conversation, $2 bigint the question, $3 bigint
SELECT h.role, h.content FROM (
    SELECT m.id, m.role, m.content, sum(length(m.content)) OVER (ORDER BY m.id DESC) AS so_far
    FROM (SELECT * FROM messages m
          WHERE m.conversation_id = $1::bigint AND m.id < $2::bigint AND m.status IN ('complete', 'stopped') AND m.content <> ''
          ORDER BY m.id DESC LIMIT 40) m) h
WHERE h.so_far <= $3::bigint
ORDER BY h.id
