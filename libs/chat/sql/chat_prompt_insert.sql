-- The next version of the prompt, not in use yet. $1 text prompt, $2 jsonb models, $3 double precision temperature, $4 bigint
-- longest answer, $5 text[] tools (NULL = all), $6 text note, $7 bigint author
INSERT INTO chat_prompts (version, system_prompt, models, temperature, max_tokens, tools_enabled, note, created_by)
SELECT coalesce(max(version), 0) + 1, $1::text, coalesce($2::jsonb, '{}'), $3::double precision, $4::bigint, $5::text[], $6::text, $7::bigint
FROM chat_prompts
RETURNING version
