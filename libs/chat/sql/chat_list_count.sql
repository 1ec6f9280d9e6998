-- How many conversations chat_list would show. $1 bigint user (NULL = guest), $2 text hex hash of the session, $3 text part of the title
SELECT count(*) AS total
FROM conversations c
WHERE (c.user_id = $1::bigint OR (c.user_id IS NULL AND $1::bigint IS NULL AND c.session_hash = decode($2::text, 'hex')))
  AND ($3::text IS NULL OR c.title ILIKE '%' || replace(replace(replace($3::text, '\', '\\'), '%', '\%'), '_', '\_') || '%')
