-- policy: double_request
-- title: Request for money that repeats another
-- clauses: ME-II-11
-- definition: A request that was not withdrawn, of one person for one category to one payee,
--   written within so many days after another such one; how the payee is written does not
--   matter.  One whose authorisation was voided counts no more.
-- do: Withdraw one of them; or authorise the second despite the first, when both are meant.
-- owner: fiscal
-- parameter repeat_days: int = 31 | Days between requests that are alike [ours]
WITH same AS MATERIALIZED (SELECT record, stands_for FROM v_same),
void AS MATERIALIZED (
    SELECT DISTINCT a.request FROM v_expenditure_authorization a
    JOIN v_expenditure_void x ON x."of" = a.record
    WHERE a.request IS NOT NULL),
asked AS MATERIALIZED (
    SELECT r.case_id, r.record, coalesce(s.stands_for, r.person) AS person,
        r.category, coalesce(r.enrollment, '') AS enrollment,
        replace(replace(replace(replace(lower(r.payee), ' ', ''), '.', ''),
            ',', ''), '-', '') AS payee,
        r.amount_cents__at AS at
    FROM v_expenditure_request r LEFT JOIN same s ON s.record = r.person
    WHERE coalesce(r.withdrawn, 0) = 0
        AND r.record NOT IN (SELECT request FROM void))
SELECT b.case_id, b.record, (b.at + :zone_ms) / 86400000 AS since,
    a.record AS facts,
    'Repeats request ' || a.record || ': same person, category (' ||
    b.category || ') and payee' AS what
FROM asked a JOIN asked b ON b.person = a.person AND b.category = a.category
    AND b.payee = a.payee AND b.record <> a.record
WHERE (a.at < b.at OR (a.at = b.at AND a.record < b.record))
    AND (b.at - a.at) / 86400000 <= :repeat_days
    AND (a.enrollment = '' OR b.enrollment = ''
        OR a.enrollment = b.enrollment)
