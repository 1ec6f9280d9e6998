-- No version is in use; before chat_prompt_use, in one transaction.
UPDATE chat_prompts SET active = false WHERE active
