-- One version. $1 bigint version
SELECT p.version, p.models, p.temperature, p.max_tokens, p.tools_enabled, p.note, p.created_by AS author, p.created_at, p.active,
       p.system_prompt
FROM chat_prompts p WHERE p.version = $1::bigint
