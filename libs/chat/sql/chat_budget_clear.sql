-- No budget; before chat_budget_put, in one transaction. Gives the version there was.
DELETE FROM budgets RETURNING version
