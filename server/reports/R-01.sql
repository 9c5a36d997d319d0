-- report: R-01
-- title: Participants without case manager
-- clauses: ME-I-A ME-I-B
-- definition: Open cases of persons for whom nobody is responsible on the day: nobody was
--   named, the one who is named works here no longer, or two were named at once and nobody
--   has decided.  A case is open until its file is closed, or all its enrollments are; one
--   whose open enrollments all say that no case manager is required is left out.
-- parameter as_of: date = today | As of
-- parameter caseload: text = | Caseload
-- column case_id: record | Case
-- column person: record | Person
-- column program: text | Program
-- column why: text | Why
-- column worker: text | Named
-- column caseload: text | Caseload
WITH assigned AS MATERIALIZED (
    SELECT case_id, max("primary") AS worker, max(primary__open) AS waits
    FROM v_assignment GROUP BY case_id),
enrolled AS MATERIALIZED (
    SELECT case_id, min(program) AS program, count(CASE
            WHEN coalesce(closed_on, '9999') > :as_of
                AND coalesce(roma_stage, '') NOT IN ('closed_terminated',
                    'closed_transition')
                AND coalesce(cm_required, 'yes') <> 'no'
            THEN 1 END) AS required
    FROM v_enrollment GROUP BY case_id),
closed AS MATERIALIZED (
    SELECT case_id FROM v_retention WHERE closed_on <= :as_of),
loads AS MATERIALIZED (
    SELECT case_id, min(caseload) AS caseload FROM o_caseload
    WHERE :caseload = '' OR caseload = :caseload GROUP BY case_id)
SELECT p.case_id, min(p.record) AS person,
    coalesce(max(e.program), 'not enrolled') AS program,
    CASE WHEN max(a.waits) = 1 THEN 'two at once'
         WHEN max(a.worker) IS NULL THEN 'nobody named'
         ELSE 'works here no longer' END AS why,
    coalesce(max(a.worker), '') AS worker,
    coalesce(max(l.caseload), '') AS caseload
FROM v_person p
LEFT JOIN assigned a ON a.case_id = p.case_id
LEFT JOIN enrolled e ON e.case_id = p.case_id
LEFT JOIN loads l ON l.case_id = p.case_id
LEFT JOIN o_user u ON u."user" = a.worker
WHERE p.duplicate_of IS NULL
    AND p.case_id NOT IN (SELECT case_id FROM closed)
    AND coalesce(e.required, 1) > 0
    AND (:caseload = '' OR l.case_id IS NOT NULL)
    AND (a.worker IS NULL OR a.waits = 1 OR coalesce(u.disabled, 1) = 1)
GROUP BY p.case_id
ORDER BY 4, 1
