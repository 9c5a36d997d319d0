-- policy: amendments_at_once
-- title: Two amendments in force at once
-- clauses: ME-II-6
-- definition: Two amendments of one contract that are in force, of which neither replaces
--   the other.
-- do: Say which one holds: the other is superseded or terminated.
-- owner: supervisor
WITH papers AS MATERIALIZED (
    SELECT case_id, record, contract, coalesce(replaces, '') AS replaces,
        (status__at + :zone_ms) / 86400000 AS day
    FROM v_contract_amendment WHERE status = 'in_force')
SELECT b.case_id, b.record,
    CASE WHEN a.day > b.day THEN a.day ELSE b.day END AS since,
    a.record AS facts,
    'In force together with amendment ' || a.record ||
    ' of the same contract' AS what
FROM papers a JOIN papers b ON b.contract = a.contract
    AND b.record > a.record
WHERE a.replaces <> b.record AND b.replaces <> a.record
