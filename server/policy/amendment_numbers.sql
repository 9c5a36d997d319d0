-- policy: amendment_numbers
-- title: Numbers of amendments
-- clauses: ME-II-6
-- definition: An amendment that is or was in force without a number, one whose number an
--   earlier one of the same contract has, and one before whose number another is missing.
-- do: Give it a number that follows; say to both parties which one it is.
-- owner: supervisor
WITH papers AS MATERIALIZED (
    SELECT case_id, record, contract, number,
        (status__at + :zone_ms) / 86400000 AS day
    FROM v_contract_amendment
    WHERE coalesce(status, 'draft') IN ('in_force', 'superseded',
            'terminated') OR number IS NOT NULL),
firsts AS MATERIALIZED (
    SELECT contract, number, min(record) AS record FROM papers
    WHERE number IS NOT NULL GROUP BY contract, number)
SELECT case_id, record, day AS since, 'none' AS facts,
    'Amendment in force without a number' AS what
FROM papers WHERE number IS NULL
UNION ALL
SELECT p.case_id, p.record, p.day, 'twice ' || CAST(p.number AS TEXT),
    'Amendment ' || CAST(p.number AS TEXT) || ': ' || f.record ||
    ' of the same contract has the number, too'
FROM papers p JOIN firsts f ON f.contract = p.contract
    AND f.number = p.number AND f.record <> p.record
UNION ALL
SELECT p.case_id, p.record, p.day, 'gap ' || CAST(p.number AS TEXT),
    'Amendment ' || CAST(p.number AS TEXT) || ': number ' ||
    CAST(p.number - 1 AS TEXT) || ' of the same contract is missing'
FROM papers p
LEFT JOIN firsts f ON f.contract = p.contract AND f.number = p.number - 1
WHERE p.number > 1 AND f.record IS NULL
