-- policy: transition_followup_missing
-- title: No follow-up after the transition
-- clauses: MS-A4f ME-S10
-- definition: A case closed with a transition, so many days ago that somebody should have
--   asked how the person fares, and nobody has; and again after the second time.  One who
--   was not reached was asked.
-- do: Ask, and write the follow-up, also when nobody was reached.
-- owner: worker
-- parameter as_of: date = today | As of
-- parameter grace_days: int = 14 | Days after the 90th and 180th [ours]
WITH followed AS MATERIALIZED (
    SELECT closure, mark FROM v_transition_followup
    WHERE coalesce(entered_in_error, 0) = 0 AND coalesce("on", '') <= :as_of),
marks AS (
    SELECT 'day_90' AS mark, 90 AS days UNION ALL SELECT 'day_180', 180),
due AS (
    SELECT c.case_id, c.record, c.closed_on, m.mark, m.days,
        c.closed_on__day + m.days + :grace_days AS due
    FROM v_closure c CROSS JOIN marks m
    WHERE c.kind = 'transition' AND coalesce(c.status, 'closed') = 'closed')
SELECT case_id, record, due AS since, mark AS facts,
    'Closed on ' || closed_on || ', and nobody has asked after ' ||
    CAST(days AS TEXT) || ' days' AS what
FROM due
WHERE due < :as_of_day
    AND (record, mark) NOT IN
        (SELECT closure, mark FROM followed
        WHERE closure IS NOT NULL AND mark IS NOT NULL)
