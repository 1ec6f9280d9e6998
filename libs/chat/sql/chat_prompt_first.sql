-- The product's own prompt becomes version 1, unless there is one. $1 text prompt
INSERT INTO chat_prompts (version, system_prompt, note, active)
SELECT 1, $1::text, 'built in', true WHERE NOT EXISTS (SELECT FROM chat_prompts)
ON CONFLICT DO NOTHING
