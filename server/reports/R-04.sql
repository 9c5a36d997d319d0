-- report: R-04
-- title: Enrollments by stage
-- clauses: MS-A4a MS-A4b MS-A4c MS-A4d MS-A4e MS-A4f ME-II-4
-- definition: Enrollments that were begun by the day, by program and stage of the ROMA
--   cycle, for how many days they have stood there, how many have a plan that the client
--   agreed to, and how many choices were offered in their cases.
-- parameter as_of: date = today | As of
-- parameter caseload: text = | Caseload
-- column program: text | Program
-- column stage: text | Stage
-- column enrollments: count | Enrollments
-- column persons: count | Persons
-- column days_mean: int | Days, mean
-- column days_most: int | Days, most
-- column agreed: count | Plan agreed
-- column choices: int | Choices offered
-- column ids: ids | Enrollments
WITH same AS MATERIALIZED (SELECT record, stands_for FROM v_same
    WHERE record <> stands_for),
agreed AS MATERIALIZED (
    SELECT DISTINCT enrollment FROM v_plan
    WHERE client_agreed = 'yes' AND enrollment IS NOT NULL
        AND coalesce(status, 'draft') NOT IN ('declined', 'withdrawn')),
choices AS MATERIALIZED (
    SELECT case_id, count(*) AS choices FROM v_choice_offered
    WHERE coalesce(entered_in_error, 0) = 0
        AND coalesce("on", '') <= :as_of GROUP BY case_id),
places AS (
    SELECT 'prospect' AS stage, 1 AS place UNION ALL SELECT 'engaged', 2
    UNION ALL SELECT 'enrolled', 3 UNION ALL SELECT 'assessed', 4
    UNION ALL SELECT 'planned', 5 UNION ALL SELECT 'implementing', 6
    UNION ALL SELECT 'monitoring', 7 UNION ALL SELECT 'evaluating', 8
    UNION ALL SELECT 'closed_terminated', 9
    UNION ALL SELECT 'closed_transition', 10),
standing AS MATERIALIZED (
    SELECT e.record, coalesce(s.stands_for, e.person) AS person,
        coalesce(e.program, 'not said') AS program,
        coalesce(e.roma_stage, 'not said') AS stage,
        :as_of_day - (e.roma_stage__at + :zone_ms) / 86400000 AS days,
        CASE WHEN a.enrollment IS NULL THEN 0 ELSE 1 END AS agreed,
        coalesce(c.choices, 0) AS choices
    FROM v_enrollment e
    LEFT JOIN same s ON s.record = e.person
    LEFT JOIN agreed a ON a.enrollment = e.record
    LEFT JOIN choices c ON c.case_id = e.case_id
    WHERE coalesce(e.opened_on, e.asked_on, '') <= :as_of
        AND (:caseload = '' OR e.case_id IN
            (SELECT case_id FROM o_caseload WHERE caseload = :caseload)))
SELECT t.program, t.stage, count(*) AS enrollments,
    count(DISTINCT t.person) AS persons,
    CASE WHEN count(t.days) = 0 THEN 0 ELSE CAST(sum(t.days) AS BIGINT) / count(t.days) END AS days_mean,
    coalesce(max(t.days), 0) AS days_most,
    count(CASE WHEN t.agreed = 1 THEN 1 END) AS agreed,
    coalesce(sum(t.choices), 0) AS choices,
    group_concat(DISTINCT t.record) AS ids
FROM standing t LEFT JOIN places p ON p.stage = t.stage
GROUP BY t.program, t.stage
ORDER BY t.program, coalesce(min(p.place), 99), t.stage
