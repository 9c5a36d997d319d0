-- policy: progress_overdue
-- title: Goal without a word on its progress
-- clauses: ME-S9 ME-II-10 MS-A4d
-- definition: An open goal of a plan on whose progress nobody has written in so many days,
--   since it was set or since the last entry.
-- do: Write how it goes; or end the goal.
-- owner: worker
-- parameter as_of: date = today | As of
-- parameter interval_days: int = 30 | Days between entries [ours]
WITH entries AS MATERIALIZED (
    SELECT goal, max(coalesce(on__day, (text__at + :zone_ms) / 86400000))
        AS day
    FROM v_progress_entry
    WHERE coalesce(entered_in_error, 0) = 0 AND goal IS NOT NULL GROUP BY goal),
ended AS MATERIALIZED (
    SELECT record FROM v_plan WHERE status IN ('completed', 'ended',
        'declined', 'superseded', 'withdrawn')),
goals AS (
    SELECT g.case_id, g.record, coalesce(g.words, 'not said') AS words,
        e.day AS last, coalesce(e.day, (g.words__at + :zone_ms) / 86400000)
            + :interval_days AS due
    FROM v_goal g LEFT JOIN entries e ON e.goal = g.record
    WHERE coalesce(g.status, 'open') IN ('open', 'in_progress')
        AND (g.plan IS NULL OR g.plan NOT IN (SELECT record FROM ended)))
SELECT case_id, record, due AS since,
    CASE WHEN last IS NULL THEN 'never' ELSE CAST(last AS TEXT) END AS facts,
    CASE WHEN last IS NULL THEN 'Nobody has written how it goes: '
        ELSE 'Nobody has written lately how it goes: ' END || words AS what
FROM goals WHERE due < :as_of_day
