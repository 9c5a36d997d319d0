-- report: R-12
-- title: Effectiveness of resources
-- clauses: ME-II-8
-- definition: What was answered in the period to the question whether it helped, in
--   follow-ups and by itself, by organization, service or provider.  Resources with few
--   answers are left out, since an answer could be told to be somebody's.
-- parameter from: date = year_begin | From
-- parameter to: date = today | To
-- parameter least: int = 5 | Fewest answers
-- column resource: text | Resource
-- column answers: count | Answers
-- column yes: count | Yes
-- column partly: count | Partly
-- column no: count | No
-- column too_early: count | Too early
-- column ids: ids | Answers
WITH answers AS (
    SELECT record, referral, NULL AS organization, NULL AS service,
        NULL AS resource, effectiveness AS helped, coalesce(on__day,
            (finding__at + :zone_ms) / 86400000) AS day
    FROM v_referral_followup
    WHERE effectiveness IS NOT NULL AND coalesce(entered_in_error, 0) = 0
    UNION ALL SELECT record, referral, organization, service, resource, helped,
        coalesce(on__day, (helped__at + :zone_ms) / 86400000)
    FROM v_resource_effectiveness
    WHERE helped IS NOT NULL AND coalesce(entered_in_error, 0) = 0)
SELECT coalesce(o.name, s.name, a.resource, r.provider, 'not named')
        AS resource,
    count(*) AS answers,
    count(CASE WHEN a.helped = 'yes' THEN 1 END) AS yes,
    count(CASE WHEN a.helped = 'partly' THEN 1 END) AS partly,
    count(CASE WHEN a.helped = 'no' THEN 1 END) AS "no",
    count(CASE WHEN a.helped = 'too_early' THEN 1 END) AS too_early,
    group_concat(DISTINCT a.record) AS ids
FROM answers a
LEFT JOIN v_referral r ON r.record = a.referral
LEFT JOIN v_organization o
    ON o.record = coalesce(a.organization, r.organization)
LEFT JOIN v_service s ON s.record = coalesce(a.service, r.service)
WHERE a.day BETWEEN :from_day AND :to_day
GROUP BY 1
HAVING count(*) >= :least
ORDER BY 1
