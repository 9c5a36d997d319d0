-- report: R-08
-- title: Work requirement by person and month
-- clauses: ME-S10 ME-I-D 45CFR-261.30 45CFR-261.60 45CFR-261.61
-- definition: Hours of each person and month, rounded down: actual ones in the nine core
--   activities of 45 CFR 261.30, in the other three, which of these an accepted document
--   covers, and excused ones and holidays.  The result compares the average of a week (a
--   month is 13/3 weeks) with 45 CFR 261.31; other hours count above the core ones only.
--   Two rows of one activity and week or day are shown once and as in conflict, not summed;
--   rows whose minutes are in conflict are not counted.  What the rule adds for children
--   under six, two parents and pupils is given by the parameters; the limits on job search,
--   training and excused hours are not computed.
-- parameter from: date = month_begin | First month, any day
-- parameter to: date = today | Last month, any day
-- parameter caseload: text = | Caseload
-- parameter week_hours: int = 30 | Hours a week
-- parameter core_hours: int = 20 | Of which core
-- column month: text | Month
-- column person: record | Person
-- column core: int | Core h
-- column other: int | Other h
-- column verified: int | Verified h
-- column excused: int | Excused h
-- column in_conflict: int | In conflict
-- column result: text | Result
-- column rule: text | Rule
WITH same AS MATERIALIZED (SELECT record, stands_for FROM v_same
    WHERE record <> stands_for),
covered AS MATERIALIZED (
    SELECT DISTINCT c.value AS hours FROM v_hours_verification v
    JOIN v_hours_verification__covers c ON c.record = v.record
    WHERE v.result = 'confirmed' AND coalesce(v.entered_in_error, 0) = 0),
told AS MATERIALIZED (
    SELECT h.record, coalesce(s.stands_for, h.person) AS person,
        coalesce(h.activity, a.activity, '') AS activity,
        coalesce(h.day, h.week_of) AS day, coalesce(h.kind, 'actual') AS kind,
        h.minutes, h.minutes__open AS waits,
        CASE WHEN k.hours IS NULL THEN 0 ELSE 1 END AS verified
    FROM v_work_hours h
    LEFT JOIN v_work_activity a ON a.record = h.work_activity
    LEFT JOIN covered k ON k.hours = h.record
    LEFT JOIN same s ON s.record = h.person
    WHERE coalesce(h.entered_in_error, 0) = 0
        AND coalesce(h.kind, 'actual') <> 'projected'
        AND substr(coalesce(h.day, h.week_of), 1, 7)
            BETWEEN substr(:from, 1, 7) AND substr(:to, 1, 7)
        AND (:caseload = '' OR h.case_id IN
            (SELECT case_id FROM o_caseload WHERE caseload = :caseload))),
rows_once AS MATERIALIZED (
    SELECT person, activity, day, kind, max(minutes) AS minutes,
        min(verified) AS verified, CASE WHEN max(waits) = 1
            OR min(coalesce(minutes, -1)) <> max(coalesce(minutes, -1))
            OR count(*) > 1 THEN 1 ELSE 0 END AS waits
    FROM told GROUP BY person, activity, day, kind),
months AS MATERIALIZED (
    SELECT substr(day, 1, 7) AS month, person,
        sum(CASE WHEN kind = 'actual' AND waits = 0 AND activity NOT IN
            ('job_skills', 'education_employment', 'secondary_school')
            THEN minutes ELSE 0 END) AS core,
        sum(CASE WHEN kind = 'actual' AND waits = 0 AND activity IN
            ('job_skills', 'education_employment', 'secondary_school')
            THEN minutes ELSE 0 END) AS other,
        sum(CASE WHEN kind = 'actual' AND waits = 0 AND verified = 1
            THEN minutes ELSE 0 END) AS verified,
        sum(CASE WHEN kind = 'actual' AND waits = 0 AND verified = 1
            AND activity NOT IN ('job_skills', 'education_employment',
                'secondary_school') THEN minutes ELSE 0 END) AS core_verified,
        sum(CASE WHEN kind IN ('excused', 'holiday') AND waits = 0
            THEN minutes ELSE 0 END) AS excused,
        sum(waits) AS in_conflict
    FROM rows_once GROUP BY substr(day, 1, 7), person),
exempt AS MATERIALIZED (
    SELECT DISTINCT coalesce(s.stands_for, e.person) AS person
    FROM v_enrollment e LEFT JOIN same s ON s.record = e.person
    WHERE e.participation_decided = 'exempt' OR e.work_eligible = 'no'),
excuse AS MATERIALIZED (
    SELECT coalesce(s.stands_for, g.person) AS person,
        substr(g."from", 1, 7) AS first,
        substr(coalesce(g."to", '9999-12'), 1, 7) AS last
    FROM v_good_cause g LEFT JOIN same s ON s.record = g.person
    WHERE g.decision = 'granted' AND g.decision__open = 0),
caused AS MATERIALIZED (
    SELECT DISTINCT m.month, m.person FROM months m JOIN excuse g
    ON g.person = m.person AND m.month BETWEEN g.first AND g.last),
judged AS (
    SELECT m.month, m.person, m.core, m.other, m.verified, m.excused,
        m.in_conflict,
        CASE WHEN x.person IS NOT NULL THEN 'exempt'
             WHEN m.in_conflict > 0 THEN 'in conflict'
             WHEN m.core_verified * 3 >= :core_hours * 780
                AND m.verified * 3 >= :week_hours * 780 THEN 'meets'
             WHEN m.core * 3 >= :core_hours * 780
                AND (m.core + m.other) * 3 >= :week_hours * 780
                THEN 'meets if verified'
             WHEN g.person IS NOT NULL THEN 'good cause'
             ELSE 'short' END AS result
    FROM months m
    LEFT JOIN exempt x ON x.person = m.person
    LEFT JOIN caused g ON g.person = m.person AND g.month = m.month)
SELECT month, person, CAST(core AS BIGINT) / 60 AS core,
    CAST(other AS BIGINT) / 60 AS other,
    CAST(verified AS BIGINT) / 60 AS verified,
    CAST(excused AS BIGINT) / 60 AS excused, in_conflict, result,
    CASE result WHEN 'good cause' THEN '22 MRS 3785'
        WHEN 'exempt' THEN '10-144 ch. 607 s. 3'
        ELSE '45 CFR 261.31, 261.60' END AS rule
FROM judged
ORDER BY 1, 2
