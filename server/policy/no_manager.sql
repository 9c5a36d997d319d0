-- policy: no_manager
-- title: Participant without case manager
-- clauses: ME-I-A
-- definition: A person with an open case for whom nobody is responsible: nobody was named,
--   or whoever was works here no longer.  A case is open until its file is closed, or all
--   its enrollments are; one whose open enrollments all say that no case manager is required
--   is left out.
-- do: Name a case manager, or say in the enrollment that none is required, and why.
-- owner: supervisor
-- parameter as_of: date = today | As of
WITH assigned AS MATERIALIZED (
    SELECT case_id, max("primary") AS worker, max(primary__open) AS waits
    FROM v_assignment GROUP BY case_id),
enrolled AS MATERIALIZED (
    SELECT case_id, min(coalesce(opened_on__day, asked_on__day)) AS day,
        count(CASE WHEN coalesce(closed_on, '9999') > :as_of
                AND coalesce(roma_stage, '') NOT IN ('closed_terminated',
                    'closed_transition')
                AND coalesce(cm_required, 'yes') <> 'no'
            THEN 1 END) AS required
    FROM v_enrollment GROUP BY case_id),
people AS (
    SELECT case_id, min(record) AS record,
        min((coalesce(legal_name__at, preferred_name__at, first_name__at)
            + :zone_ms) / 86400000) AS day
    FROM v_person
    WHERE duplicate_of IS NULL AND case_id NOT IN
        (SELECT case_id FROM v_retention WHERE closed_on <= :as_of)
    GROUP BY case_id)
SELECT p.case_id, p.record, coalesce(e.day, p.day) AS since,
    coalesce(a.worker, 'nobody') AS facts,
    CASE WHEN a.worker IS NULL THEN 'Nobody is named as responsible'
        ELSE a.worker || ' is named as responsible and works here no longer'
        END AS what
FROM people p
LEFT JOIN assigned a ON a.case_id = p.case_id
LEFT JOIN enrolled e ON e.case_id = p.case_id
LEFT JOIN o_user u ON u."user" = a.worker
WHERE coalesce(e.required, 1) > 0 AND coalesce(a.waits, 0) = 0
    AND (a.worker IS NULL OR coalesce(u.disabled, 1) = 1)
