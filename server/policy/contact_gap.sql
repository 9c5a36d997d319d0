-- policy: contact_gap
-- title: No contact in time
-- clauses: ME-S1 ME-I-C ME-II-10 MS-B2)
-- definition: A person with an open case whose last contact that came about is longer ago
--   than the cadence, or who has had none so long after the case was begun.  The cadence is
--   what the enrollment says, else by its intensity, else the standard one.  A case is open
--   until its file is closed, or all its enrollments are.
-- do: Make contact and write it down, also one that did not come about; or change the
--   cadence of the enrollment, with the reason.
-- owner: worker
-- parameter as_of: date = today | As of
-- parameter cadence_days: int = 30 | Days between contacts [ours]
-- parameter intensive_days: int = 14 | The same, intensive [ours]
-- parameter light_days: int = 60 | The same, light [ours]
WITH contacts AS MATERIALIZED (
    SELECT case_id, max(occurred_at__day) AS day FROM v_contact
    WHERE coalesce(entered_in_error, 0) = 0 AND kind <> 'attempted'
        AND coalesce(outcome, 'completed') = 'completed'
        AND occurred_at__day <= :as_of_day
    GROUP BY case_id),
enrolled AS MATERIALIZED (
    SELECT case_id, min(coalesce(contact_every_days, CASE intensity
        WHEN 'intensive' THEN :intensive_days
        WHEN 'light' THEN :light_days ELSE :cadence_days END)) AS days
    FROM v_enrollment GROUP BY case_id),
due AS (
    SELECT k.case_id, k.person AS record, c.day AS last,
        coalesce(c.day, k.begun_day, (k.written_at + :zone_ms) / 86400000)
            + coalesce(e.days, :cadence_days) AS due
    FROM o_case k
    LEFT JOIN contacts c ON c.case_id = k.case_id
    LEFT JOIN enrolled e ON e.case_id = k.case_id
    WHERE coalesce(k.file_closed_on, '9999') > :as_of
        AND coalesce(k.enrolled_until, '9999') > :as_of)
SELECT case_id, record, due AS since,
    CASE WHEN last IS NULL THEN 'never' ELSE CAST(last AS TEXT) END AS facts,
    CASE WHEN last IS NULL THEN 'No contact has come about yet'
        ELSE 'The last contact that came about is ' ||
            CAST(:as_of_day - last AS TEXT) || ' days ago' END AS what
FROM due WHERE due < :as_of_day
