-- Cases: of whom, since when, until when somebody is enrolled and managed, and
-- when the file was closed.  What ended without a date ended at once.
SELECT p.case_id, p.person, p.written_at, e.begun_day, e.enrolled_until, e.managed_until,
    r.file_closed_on
FROM (SELECT case_id, min(record) AS person,
        min(coalesce(legal_name__at, preferred_name__at, first_name__at)) AS written_at
    FROM v_person
    WHERE duplicate_of IS NULL
    GROUP BY case_id) p
    LEFT JOIN (SELECT case_id, min(coalesce(opened_on__day, asked_on__day)) AS begun_day,
            max(CASE WHEN coalesce(roma_stage, '') IN ('closed_terminated', 'closed_transition')
                THEN '' ELSE coalesce(closed_on, '9999') END) AS enrolled_until,
            max(CASE WHEN coalesce(roma_stage, '') IN ('closed_terminated', 'closed_transition')
                    OR coalesce(cm_required, 'yes') = 'no'
                THEN '' ELSE coalesce(closed_on, '9999') END) AS managed_until
        FROM v_enrollment
        GROUP BY case_id) e ON e.case_id = p.case_id
    LEFT JOIN (SELECT case_id, min(closed_on) AS file_closed_on
        FROM v_retention
        GROUP BY case_id) r ON r.case_id = p.case_id
