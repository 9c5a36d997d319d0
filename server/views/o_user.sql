-- Who works here.
SELECT account AS "user", role, made_at, disabled_at IS NOT NULL AS disabled
FROM account
WHERE agency = ':agency'
