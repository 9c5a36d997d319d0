-- policy: hours_unverified
-- title: Hours that no paper proves
-- clauses: ME-I-D 45CFR-261.61
-- definition: Actual hours of a week or day so long past that an accepted document should
--   cover them by now, and none does.  They are reported as unverified.
-- do: Ask for the paper and note that it was seen; or mark the row as entered in error.
-- owner: worker
-- parameter as_of: date = today | As of
-- parameter within_days: int = 45 | Days until hours are proven [ours]
WITH covered AS MATERIALIZED (
    SELECT DISTINCT c.value AS hours FROM v_hours_verification v
    JOIN v_hours_verification__covers c ON c.record = v.record
    WHERE v.result = 'confirmed' AND coalesce(v.entered_in_error, 0) = 0),
told AS (
    SELECT case_id, record, minutes, coalesce(source, '') AS source,
        coalesce(activity, 'not said') AS activity,
        coalesce("day", week_of) AS day,
        coalesce(day__day, week_of__day) + :within_days AS due
    FROM v_work_hours
    WHERE coalesce(entered_in_error, 0) = 0
        AND coalesce(kind, 'actual') = 'actual')
SELECT case_id, record, due AS since, 'none' AS facts,
    CAST(coalesce(minutes, 0) / 60 AS TEXT) || ' h (' ||
    replace(activity, '_', ' ') || ') of ' || day || CASE source
        WHEN 'client_statement' THEN ' rest on the client''s word alone'
        ELSE ' are proven by no accepted document' END AS what
FROM told
WHERE due < :as_of_day AND record NOT IN (SELECT hours FROM covered)
