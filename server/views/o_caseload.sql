-- Which cases a caseload sees.
SELECT case_id, substr(scope, 10) AS caseload
FROM membership
WHERE agency = ':agency' AND scope LIKE 'caseload:%' AND left_seq IS NULL
