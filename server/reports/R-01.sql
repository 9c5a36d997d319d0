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
    SELECT case_id, min(program) AS program FROM v_enrollment
    GROUP BY case_id),
loads AS MATERIALIZED (
    SELECT case_id, min(caseload) AS caseload FROM o_caseload
    WHERE :caseload = '' OR caseload = :caseload GROUP BY case_id)
SELECT k.case_id, k.person, coalesce(e.program, 'not enrolled') AS program,
    CASE WHEN a.waits = 1 THEN 'two at once'
         WHEN a.worker IS NULL THEN 'nobody named'
         ELSE 'works here no longer' END AS why,
    coalesce(a.worker, '') AS worker, coalesce(l.caseload, '') AS caseload
FROM o_case k
LEFT JOIN assigned a ON a.case_id = k.case_id
LEFT JOIN enrolled e ON e.case_id = k.case_id
LEFT JOIN loads l ON l.case_id = k.case_id
LEFT JOIN o_user u ON u."user" = a.worker
WHERE coalesce(k.file_closed_on, '9999') > :as_of
    AND coalesce(k.managed_until, '9999') > :as_of
    AND (:caseload = '' OR l.case_id IS NOT NULL)
    AND (a.worker IS NULL OR a.waits = 1 OR coalesce(u.disabled, 1) = 1)
ORDER BY 4, 1
