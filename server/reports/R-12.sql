-- report: R-12
-- title: Effectiveness of resources
-- clauses: ME-II-8
-- definition: What was answered in follow-ups of the period to the question whether it
--   helped, by the organization, service or provider of the referral.  Resources with few
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
-- column ids: ids | Follow-ups
SELECT coalesce(o.name, s.name, r.provider, 'not named') AS resource,
    count(*) AS answers,
    count(CASE WHEN f.effectiveness = 'yes' THEN 1 END) AS yes,
    count(CASE WHEN f.effectiveness = 'partly' THEN 1 END) AS partly,
    count(CASE WHEN f.effectiveness = 'no' THEN 1 END) AS "no",
    count(CASE WHEN f.effectiveness = 'too_early' THEN 1 END) AS too_early,
    group_concat(DISTINCT f.record) AS ids
FROM v_referral_followup f
JOIN v_referral r ON r.record = f.referral
LEFT JOIN v_organization o ON o.record = r.organization
LEFT JOIN v_service s ON s.record = r.service
WHERE f.effectiveness IS NOT NULL AND coalesce(f.entered_in_error, 0) = 0
    AND coalesce(f.on__day, (f.finding__at + :zone_ms) / 86400000)
        BETWEEN :from_day AND :to_day
GROUP BY 1
HAVING count(*) >= :least
ORDER BY 1
