-- Versions, newest first. $1 bigint last row of the page before (NULL = first page), $2 bigint rows
SELECT p.version, p.models, p.temperature, p.max_tokens, p.tools_enabled, p.note, p.created_by AS author, p.created_at, p.active
FROM chat_prompts p
WHERE $1::bigint IS NULL OR p.version < $1::bigint
ORDER BY p.version DESC
LIMIT $2::bigint
