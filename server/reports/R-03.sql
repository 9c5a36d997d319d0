-- report: R-03
-- title: Undocumented contact gaps
-- clauses: ME-S1 ME-II-10 MS-B2)
-- definition: By responsible worker, open cases of persons whose last contact that came
--   about is longer ago than the cadence, or has never been; the cadence is what the
--   enrollment says, else by its intensity, else the standard one; visits, calls and
--   follow-ups whose day is past and that are not done; contacts of the period that were
--   written more than so many working days after they took place; and attempts of the
--   period.
-- parameter as_of: date = today | As of
-- parameter from: date = year_begin | Contacts from
-- parameter caseload: text = | Caseload
-- parameter cadence_days: int = 30 | Days between contacts
-- parameter intensive_days: int = 14 | The same, intensive
-- parameter light_days: int = 60 | The same, light
-- parameter late_days: int = 2 | Working days in which a contact is written
-- column worker: text | Worker
-- column cases: count | Open cases
-- column gap: count | No contact in time
-- column never: count | Never
-- column tasks: count | Tasks past
-- column late: count | Written late
-- column attempts: count | Attempts
-- column ids: ids | Cases without contact in time
WITH worker AS MATERIALIZED (
    SELECT case_id, max("primary") AS worker FROM v_assignment
    GROUP BY case_id),
told AS MATERIALIZED (
    SELECT case_id, occurred_at__day AS day, (kind__at + :zone_ms) / 86400000 AS written,
        CASE WHEN kind = 'attempted' OR outcome IN ('no_answer',
                'left_message', 'wrong_number') THEN 1 ELSE 0 END AS attempt,
        CASE WHEN kind <> 'attempted'
            AND coalesce(outcome, 'completed') = 'completed'
            THEN 1 ELSE 0 END AS done
    FROM v_contact
    WHERE coalesce(entered_in_error, 0) = 0 AND occurred_at__day <= :as_of_day),
cadence AS MATERIALIZED (
    SELECT case_id, min(coalesce(contact_every_days, CASE intensity
        WHEN 'intensive' THEN :intensive_days WHEN 'light' THEN :light_days
        ELSE :cadence_days END)) AS days
    FROM v_enrollment WHERE coalesce(closed_on, '9999') > :as_of
    GROUP BY case_id),
cases AS MATERIALIZED (
    SELECT DISTINCT case_id FROM v_person
    WHERE duplicate_of IS NULL
        AND case_id NOT IN
            (SELECT case_id FROM v_retention WHERE closed_on <= :as_of)
        AND (:caseload = '' OR case_id IN
            (SELECT case_id FROM o_caseload WHERE caseload = :caseload))),
contacts AS MATERIALIZED (
    SELECT case_id, max(CASE WHEN done = 1 THEN day END) AS last,
        count(CASE WHEN attempt = 1 AND day >= :from_day THEN 1 END)
            AS attempts,
        count(CASE WHEN day >= :from_day AND written >
            day - CASE WHEN (day + 3) % 7 > 4 THEN (day + 3) % 7 - 4 ELSE 0 END
            + :late_days
            + 2 * ((CASE WHEN (day + 3) % 7 > 4 THEN 4 ELSE (day + 3) % 7 END
                + :late_days) / 5) THEN 1 END) AS late
    FROM told GROUP BY case_id),
tasks AS MATERIALIZED (
    SELECT case_id, count(*) AS tasks FROM v_task
    WHERE coalesce(status, 'open') IN ('open', 'doing')
        AND kind IN ('visit', 'call', 'follow_up') AND due_on < :as_of
    GROUP BY case_id),
-- One row a case of each part, in place of joins of parts that have no index.
parts AS (
    SELECT case_id, 1 AS open, CAST(NULL AS BIGINT) AS last,
        CAST(NULL AS BIGINT) AS days, 0 AS tasks, 0 AS late, 0 AS attempts,
        NULL AS worker FROM cases
    UNION ALL SELECT case_id, 0, last, NULL, 0, late, attempts, NULL
    FROM contacts
    UNION ALL SELECT case_id, 0, NULL, days, 0, 0, 0, NULL FROM cadence
    UNION ALL SELECT case_id, 0, NULL, NULL, tasks, 0, 0, NULL FROM tasks
    UNION ALL SELECT case_id, 0, NULL, NULL, 0, 0, 0, worker FROM worker),
kept AS (
    SELECT case_id, max(last) AS last, sum(tasks) AS tasks,
        sum(late) AS late, sum(attempts) AS attempts, max(worker) AS worker,
        CASE WHEN max(last) IS NULL OR :as_of_day - max(last)
            > coalesce(max(days), :cadence_days) THEN 1 ELSE 0 END AS gap
    FROM parts GROUP BY case_id HAVING max(open) = 1)
SELECT coalesce(worker, 'nobody') AS worker, count(*) AS cases,
    count(CASE WHEN gap = 1 THEN 1 END) AS gap,
    count(CASE WHEN last IS NULL THEN 1 END) AS never,
    coalesce(sum(tasks), 0) AS tasks, coalesce(sum(late), 0) AS late,
    coalesce(sum(attempts), 0) AS attempts,
    group_concat(DISTINCT CASE WHEN gap = 1 THEN case_id END) AS ids
FROM kept
GROUP BY 1
ORDER BY 1
