-- report: R-15
-- title: Closures and what followed
-- clauses: MS-A4f
-- definition: Cases that were closed in the period, by kind and reason; how many with
--   something still open that a supervisor let pass; and follow-ups after 90 and 180 days:
--   those that were due by the day, those in which the person was reached, and how many of
--   these had work.  One that was not reached is missing.
-- parameter from: date = year_begin | Closed from
-- parameter to: date = today | Closed until
-- parameter as_of: date = today | As of
-- parameter caseload: text = | Caseload
-- column kind: text | Kind
-- column reason: text | Reason
-- column closures: count | Closures
-- column overridden: count | Overridden
-- column due_90: count | Due at 90
-- column reached_90: count | Reached
-- column work_90: count | At work
-- column due_180: count | Due at 180
-- column reached_180: count | Reached
-- column work_180: count | At work
-- column ids: ids | Closures
WITH closed AS MATERIALIZED (
    SELECT record, coalesce(kind, 'not said') AS kind,
        coalesce(reason, 'not said') AS reason, override_by, override_reason,
        :as_of_day - closed_on__day AS days
    FROM v_closure
    WHERE coalesce(status, 'closed') <> 'withdrawn'
        AND closed_on__day BETWEEN :from_day AND :to_day
        AND (:caseload = '' OR case_id IN
            (SELECT case_id FROM o_caseload WHERE caseload = :caseload))),
followed AS MATERIALIZED (
    SELECT closure,
        max(CASE WHEN mark = 'day_90' AND reached = 'yes' THEN 1 ELSE 0 END)
            AS reached_90,
        max(CASE WHEN mark = 'day_90' AND reached = 'yes'
            AND employed = 'yes' THEN 1 ELSE 0 END)
            AS work_90,
        max(CASE WHEN mark = 'day_180' AND reached = 'yes' THEN 1 ELSE 0 END)
            AS reached_180,
        max(CASE WHEN mark = 'day_180' AND reached = 'yes'
            AND employed = 'yes' THEN 1 ELSE 0 END)
            AS work_180
    FROM v_transition_followup
    WHERE coalesce(entered_in_error, 0) = 0 AND coalesce("on", '') <= :as_of
    GROUP BY closure)
SELECT c.kind, c.reason, count(*) AS closures,
    count(CASE WHEN c.override_by IS NOT NULL
        OR coalesce(c.override_reason, '') <> '' THEN 1 END) AS overridden,
    count(CASE WHEN c.days >= 90 THEN 1 END) AS due_90,
    coalesce(sum(f.reached_90), 0) AS reached_90,
    coalesce(sum(f.work_90), 0) AS work_90,
    count(CASE WHEN c.days >= 180 THEN 1 END) AS due_180,
    coalesce(sum(f.reached_180), 0) AS reached_180,
    coalesce(sum(f.work_180), 0) AS work_180,
    group_concat(DISTINCT c.record) AS ids
FROM closed c LEFT JOIN followed f ON f.closure = c.record
GROUP BY c.kind, c.reason
ORDER BY c.kind, c.reason
