-- report: R-05
-- title: Progress, monitoring and evaluation due
-- clauses: ME-S9 ME-II-10 MS-A4d MS-A4e
-- definition: By responsible worker, goals that are open and of which nobody has noted
--   progress within so many days, or ever; and plans being carried out whose monitoring or
--   evaluation was due before the day by what the last entry said; of several
--   of one day by the one that is due first.
-- parameter as_of: date = today | As of
-- parameter caseload: text = | Caseload
-- parameter interval_days: int = 30 | Days between entries
-- column worker: text | Worker
-- column goals: count | Open goals
-- column due: count | No entry in time
-- column never: count | Never
-- column monitoring: count | Monitoring due
-- column evaluation: count | Evaluation due
-- column ids: ids | Goals and plans
WITH worker AS MATERIALIZED (
    SELECT case_id, max("primary") AS worker FROM v_assignment
    GROUP BY case_id),
entries AS MATERIALIZED (
    SELECT goal, max(coalesce(on__day, (text__at + :zone_ms) / 86400000))
        AS day
    FROM v_progress_entry
    WHERE coalesce(entered_in_error, 0) = 0 AND coalesce("on", '') <= :as_of
    GROUP BY goal),
noted AS MATERIALIZED (
    SELECT plan, "on" AS day, next_due AS due FROM v_monitoring_entry
    WHERE coalesce(entered_in_error, 0) = 0 AND "on" <= :as_of),
watched AS MATERIALIZED (
    SELECT plan, min(due) AS due FROM noted WHERE (plan, day) IN
        (SELECT plan, max(day) FROM noted GROUP BY plan) GROUP BY plan),
weighed AS MATERIALIZED (
    SELECT plan, "on" AS day, next_due AS due FROM v_evaluation
    WHERE coalesce(entered_in_error, 0) = 0 AND "on" <= :as_of),
judged AS MATERIALIZED (
    SELECT plan, min(due) AS due FROM weighed WHERE (plan, day) IN
        (SELECT plan, max(day) FROM weighed GROUP BY plan) GROUP BY plan),
items AS (
    SELECT g.case_id, g.record, 1 AS goal,
        CASE WHEN e.day IS NULL OR :as_of_day - e.day > :interval_days
            THEN 1 ELSE 0 END AS due,
        CASE WHEN e.day IS NULL THEN 1 ELSE 0 END AS never,
        0 AS monitoring, 0 AS evaluation
    FROM v_goal g LEFT JOIN entries e ON e.goal = g.record
    WHERE coalesce(g.status, 'open') IN ('open', 'in_progress')
    UNION ALL SELECT p.case_id, p.record, 0, 0, 0,
        CASE WHEN w.due < :as_of THEN 1 ELSE 0 END,
        CASE WHEN j.due < :as_of THEN 1 ELSE 0 END
    FROM v_plan p
    LEFT JOIN watched w ON w.plan = p.record
    LEFT JOIN judged j ON j.plan = p.record
    WHERE p.status IN ('agreed', 'in_progress'))
SELECT coalesce(w.worker, 'nobody') AS worker, sum(i.goal) AS goals,
    sum(i.due) AS due, sum(i.never) AS never,
    sum(i.monitoring) AS monitoring, sum(i.evaluation) AS evaluation,
    group_concat(DISTINCT CASE WHEN i.due + i.monitoring + i.evaluation > 0
        THEN i.record END) AS ids
FROM items i LEFT JOIN worker w ON w.case_id = i.case_id
WHERE :caseload = '' OR i.case_id IN
    (SELECT case_id FROM o_caseload WHERE caseload = :caseload)
GROUP BY 1
ORDER BY 1
