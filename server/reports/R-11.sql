-- report: R-11
-- title: Family Contracts
-- clauses: ME-II-6
-- definition: What is missing in contracts and amendments, which bind both: a signature of
--   one party, obligations of one, the copy or the notice of a fair hearing, a number; two
--   amendments in force of which neither replaces the other; and obligations of either
--   whose day is past.
-- parameter as_of: date = today | As of
-- parameter caseload: text = | Caseload
-- column finding: text | Finding
-- column count: count | How many
-- column ids: ids | Records
WITH papers AS MATERIALIZED (
    SELECT a.record, a.case_id, 1 AS amendment, a.contract, a.number,
        coalesce(a.status, 'draft') AS status, a.copy_given_on,
        a.hearing_notice_on, a.replaces
    FROM v_contract_amendment a
    UNION ALL SELECT c.record, c.case_id, 0, NULL, 0,
        coalesce(c.status, 'draft'), c.copy_given_on, c.hearing_notice_on, NULL
    FROM v_family_contract c),
mine AS MATERIALIZED (
    SELECT record, case_id, amendment, contract, number, status,
        copy_given_on, hearing_notice_on, replaces FROM papers
    WHERE :caseload = '' OR case_id IN
        (SELECT case_id FROM o_caseload WHERE caseload = :caseload)),
signed AS MATERIALIZED (
    SELECT "of" AS paper, count(CASE WHEN role IN ('participant', 'spouse',
            'authorized_rep', 'guardian') THEN 1 END) AS participant,
        count(CASE WHEN role = 'department' THEN 1 END) AS department
    FROM v_signature
    WHERE coalesce(entered_in_error, 0) = 0 AND coalesce(mark, '') <> 'declined'
    GROUP BY "of"),
bound AS MATERIALIZED (
    SELECT amendment, count(CASE WHEN party = 'participant' THEN 1 END)
        AS participant,
        count(CASE WHEN party = 'department' THEN 1 END) AS department
    FROM v_obligation GROUP BY amendment),
late AS MATERIALIZED (
    SELECT record, party FROM v_obligation
    WHERE due < :as_of AND coalesce(status, 'open') IN ('open', 'doing')
        AND (:caseload = '' OR case_id IN
            (SELECT case_id FROM o_caseload WHERE caseload = :caseload))),
findings AS (
    SELECT 1 AS place, m.record FROM mine m LEFT JOIN signed s
        ON s.paper = m.record
    WHERE m.status IN ('offered', 'signed_participant', 'signed_department',
            'in_force')
        AND (coalesce(s.participant, 0) = 0 OR coalesce(s.department, 0) = 0)
    UNION ALL SELECT 2, m.record FROM mine m LEFT JOIN bound b
        ON b.amendment = m.record
    WHERE m.amendment = 1 AND m.status = 'in_force'
        AND (coalesce(b.participant, 0) = 0 OR coalesce(b.department, 0) = 0)
    UNION ALL SELECT 3, record FROM mine
    WHERE status = 'in_force' AND coalesce(copy_given_on, '[]') = '[]'
    UNION ALL SELECT 4, record FROM mine
    WHERE status = 'in_force' AND coalesce(hearing_notice_on, '[]') = '[]'
    UNION ALL SELECT 5, record FROM mine
    WHERE amendment = 1 AND status = 'in_force' AND number IS NULL
    UNION ALL SELECT 6, a.record FROM mine a JOIN mine b
        ON b.contract = a.contract AND b.record <> a.record
    WHERE a.status = 'in_force' AND b.status = 'in_force'
        AND coalesce(a.replaces, '') <> b.record
        AND coalesce(b.replaces, '') <> a.record
    UNION ALL SELECT 7, record FROM late WHERE party = 'department'
    UNION ALL SELECT 8, record FROM late WHERE party = 'participant'),
named AS (
    SELECT 1 AS place, 'not signed by one party' AS finding
    UNION ALL SELECT 2, 'in force without obligations of one party'
    UNION ALL SELECT 3, 'in force, no copy given'
    UNION ALL SELECT 4, 'in force, no notice of a fair hearing'
    UNION ALL SELECT 5, 'in force without a number'
    UNION ALL SELECT 6, 'two amendments in force at once'
    UNION ALL SELECT 7, 'obligation of the Department overdue'
    UNION ALL SELECT 8, 'obligation of the participant overdue')
SELECT n.finding, count(DISTINCT f.record) AS "count",
    group_concat(DISTINCT f.record) AS ids
FROM named n LEFT JOIN findings f ON f.place = n.place
GROUP BY n.place, n.finding
ORDER BY n.place
