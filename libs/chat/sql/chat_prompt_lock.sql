-- Versions are made and chosen one after the other: holds the first one, which is always there, until the end of the transaction.
SELECT version FROM chat_prompts WHERE version = 1 FOR UPDATE
