-- How many versions there are.
SELECT count(*) AS total FROM chat_prompts
