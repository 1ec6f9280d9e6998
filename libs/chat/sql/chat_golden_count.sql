-- How many golden questions there are.
SELECT count(*) AS total FROM golden_cases
