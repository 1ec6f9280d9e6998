-- Puts a version to use. $1 bigint version
UPDATE chat_prompts SET active = true WHERE version = $1::bigint
