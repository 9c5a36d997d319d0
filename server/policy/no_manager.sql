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
    FROM v_assignment GROUP BY case_id)
SELECT k.case_id, k.person AS record,
    coalesce(k.begun_day, (k.written_at + :zone_ms) / 86400000) AS since,
    coalesce(a.worker, 'nobody') AS facts,
    CASE WHEN a.worker IS NULL THEN 'Nobody is named as responsible'
        ELSE a.worker || ' is named as responsible and works here no longer'
        END AS what
FROM o_case k
LEFT JOIN assigned a ON a.case_id = k.case_id
LEFT JOIN o_user u ON u."user" = a.worker
WHERE coalesce(k.file_closed_on, '9999') > :as_of
    AND coalesce(k.managed_until, '9999') > :as_of
    AND coalesce(a.waits, 0) = 0
    AND (a.worker IS NULL OR coalesce(u.disabled, 1) = 1)
