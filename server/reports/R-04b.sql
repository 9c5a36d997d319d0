-- report: R-04b
-- title: What plans and assessments lack
-- clauses: ME-S5 ME-II-1 ME-II-2 ME-II-5 MS-A4b MS-A4c
-- definition: Plans that are agreed or being carried out and lack the assessment that they
--   are based on, the client's agreement, the client's presence or a reason, or, in ASPIRE,
--   a goal of employment; and assessments that are done and say nothing of strengths,
--   challenges or needs, nor that there are none.
-- parameter caseload: text = | Caseload
-- column finding: text | Finding
-- column count: count | How many
-- column ids: ids | Records
WITH plans AS MATERIALIZED (
    SELECT p.record, p.kind, p.based_on_assessment, p.client_agreed,
        p.participant_present, p.absent_reason
    FROM v_plan p
    WHERE p.status IN ('agreed', 'in_progress')
        AND (:caseload = '' OR p.case_id IN
            (SELECT case_id FROM o_caseload WHERE caseload = :caseload))),
work AS MATERIALIZED (
    SELECT DISTINCT plan FROM v_goal
    WHERE type = 'employment' AND plan IS NOT NULL
        AND coalesce(status, 'open') <> 'dropped'),
said AS MATERIALIZED (
    SELECT assessment, 'strengths' AS part FROM v_strength_item
    WHERE coalesce(entered_in_error, 0) = 0
    UNION SELECT assessment, 'challenges' FROM v_challenge_item
    WHERE coalesce(entered_in_error, 0) = 0
    UNION SELECT assessment, 'needs' FROM v_need_priority
    UNION SELECT record, value FROM v_assessment__none_stated),
done AS MATERIALIZED (
    SELECT record FROM v_assessment
    WHERE status = 'done' AND (:caseload = '' OR case_id IN
        (SELECT case_id FROM o_caseload WHERE caseload = :caseload))),
findings AS (
    SELECT 1 AS place, record FROM plans WHERE based_on_assessment IS NULL
    UNION ALL SELECT 2, record FROM plans
    WHERE coalesce(client_agreed, 'no') <> 'yes'
    UNION ALL SELECT 3, record FROM plans
    WHERE coalesce(participant_present, 'no') = 'no'
        AND coalesce(absent_reason, '') = ''
    UNION ALL SELECT 4, record FROM plans
    WHERE kind = 'employment_plan' AND record NOT IN (SELECT plan FROM work)
    UNION ALL SELECT 5, record FROM done WHERE record NOT IN
        (SELECT assessment FROM said
        WHERE part = 'strengths' AND assessment IS NOT NULL)
    UNION ALL SELECT 6, record FROM done WHERE record NOT IN
        (SELECT assessment FROM said
        WHERE part = 'challenges' AND assessment IS NOT NULL)
    UNION ALL SELECT 7, record FROM done WHERE record NOT IN
        (SELECT assessment FROM said WHERE part IN ('needs', 'priorities')
        AND assessment IS NOT NULL)),
named AS (
    SELECT 1 AS place, 'plan without assessment' AS finding
    UNION ALL SELECT 2, 'plan that the client did not agree to'
    UNION ALL SELECT 3, 'plan made without the client, and no reason'
    UNION ALL SELECT 4, 'employment plan without a goal of employment'
    UNION ALL SELECT 5, 'assessment without strengths'
    UNION ALL SELECT 6, 'assessment without challenges'
    UNION ALL SELECT 7, 'assessment without a ranking of needs')
SELECT n.finding, count(DISTINCT f.record) AS "count",
    group_concat(DISTINCT f.record) AS ids
FROM named n LEFT JOIN findings f ON f.place = n.place
GROUP BY n.place, n.finding
ORDER BY n.place
