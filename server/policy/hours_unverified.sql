-- policy: hours_unverified
-- title: Hours that no paper proves
-- clauses: ME-I-D 45CFR-261.61
-- definition: Actual hours of a person in a month, of weeks or days so long past that an
--   accepted document should cover them by now, and none does.  They are reported as
--   unverified.  The record is the first of these rows.
-- do: Ask for the papers and note that they were seen; or mark rows as entered in error.
-- owner: worker
-- parameter as_of: date = today | As of
-- parameter within_days: int = 45 | Days until hours are proven [ours]
WITH same AS MATERIALIZED (SELECT record, stands_for FROM v_same),
covered AS MATERIALIZED (
    SELECT DISTINCT c.value AS hours FROM v_hours_verification v
    JOIN v_hours_verification__covers c ON c.record = v.record
    WHERE v.result = 'confirmed' AND coalesce(v.entered_in_error, 0) = 0),
told AS (
    SELECT h.case_id, h.record, coalesce(h.minutes, 0) AS minutes, h.source,
        coalesce(s.stands_for, h.person) AS person,
        substr(coalesce(h."day", h.week_of), 1, 7) AS month,
        coalesce(h.day__day, h.week_of__day) + :within_days AS due
    FROM v_work_hours h LEFT JOIN same s ON s.record = h.person
    WHERE coalesce(h.entered_in_error, 0) = 0
        AND coalesce(h.kind, 'actual') = 'actual')
SELECT case_id, min(record) AS record, min(due) AS since,
    month || ' ' || CAST(count(*) AS TEXT) AS facts,
    CAST(sum(minutes) / 60 AS TEXT) || ' h of ' || month || ' (rows: ' ||
    CAST(count(*) AS TEXT) || ', on the client''s word alone: ' ||
    CAST(count(CASE WHEN source = 'client_statement' THEN 1 END) AS TEXT) ||
    ') are proven by no accepted document' AS what
FROM told
WHERE due < :as_of_day AND record NOT IN (SELECT hours FROM covered)
GROUP BY case_id, person, month
