-- policy: hours_twice
-- title: Hours of one week written twice
-- clauses: ME-I-D 45CFR-261.60
-- definition: Two rows of hours of one person, activity, kind and week or day, or a row of
--   which two wrote different minutes.  They are not summed, and the month counts as
--   unverified until it is settled.
-- do: See which row the papers prove; mark the other as entered in error.
-- owner: worker
WITH same AS MATERIALIZED (SELECT record, stands_for FROM v_same),
told AS MATERIALIZED (
    SELECT h.case_id, h.record, coalesce(s.stands_for, h.person) AS person,
        coalesce(h.activity, '') AS activity,
        coalesce(h.day, h.week_of) AS day, coalesce(h.kind, 'actual') AS kind,
        h.minutes, h.minutes__open AS waits,
        (h.minutes__at + :zone_ms) / 86400000 AS written
    FROM v_work_hours h LEFT JOIN same s ON s.record = h.person
    WHERE coalesce(h.entered_in_error, 0) = 0
        AND coalesce(h.kind, 'actual') <> 'projected')
SELECT b.case_id, b.record, max(b.written) AS since,
    min(a.record) || ' ' || CAST(count(*) AS TEXT) AS facts,
    'Hours (' || replace(b.activity, '_', ' ') || ') of ' || b.day ||
    ': another row has ' || CAST(min(a.minutes) / 60 AS TEXT) ||
    ' h, this one ' || CAST(b.minutes / 60 AS TEXT) || ' h' AS what
FROM told a JOIN told b ON b.person = a.person AND b.activity = a.activity
    AND b.day = a.day AND b.kind = a.kind AND a.record < b.record
GROUP BY b.case_id, b.record, b.activity, b.day, b.minutes
UNION ALL
SELECT case_id, record, written, 'minutes',
    'Hours (' || replace(activity, '_', ' ') || ') of ' ||
    coalesce(day, 'no day') || ': two wrote different minutes'
FROM told WHERE waits = 1
