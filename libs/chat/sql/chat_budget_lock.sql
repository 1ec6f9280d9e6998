-- Budgets are changed one after the other: what comes later waits for the end of the transaction. Questions do not wait for it.
SELECT pg_advisory_xact_lock(hashtextextended('chat.budgets', 0)) IS NULL AS done
