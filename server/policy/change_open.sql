-- policy: change_open
-- title: Reported change that nobody has dealt with
-- clauses: 24-6.9 MS-B2)
-- definition: A change in the household that was reported and still stands open after the
--   day by which the household had to be certified again; where that day was not written,
--   so many days after the report.
-- do: Certify the household again and set the change to done, or to not_needed.
-- owner: worker
-- parameter as_of: date = today | As of
-- parameter within_days: int = 30 | Days from the report to the appointment
SELECT case_id, record, coalesce(recertify_by__day, reported_on__day + :within_days) AS since,
    CAST(coalesce(recertify_by__day, reported_on__day) AS TEXT) AS facts,
    'Change not dealt with: ' || coalesce(text, 'not said') AS what
FROM v_change_report
WHERE coalesce(status, 'open') = 'open'
    AND coalesce(recertify_by__day, reported_on__day + :within_days) < :as_of_day
