-- report: R-07
-- title: Advocacy
-- clauses: ME-S4 ME-S8 ME-II-9 MS-A1
-- definition: Actions of advocacy in the period by provider, and what came of each; one
--   whose result is in conflict counts as pending.
-- parameter from: date = year_begin | From
-- parameter to: date = today | To
-- parameter caseload: text = | Caseload
-- column provider: text | Provider
-- column scope: text | Within or outside
-- column actions: count | Actions
-- column granted: count | Granted
-- column partly: count | Partly
-- column denied: count | Denied
-- column referred_on: count | Referred on
-- column pending: count | Pending
-- column persons: count | Persons
-- column ids: ids | Actions
WITH same AS MATERIALIZED (SELECT record, stands_for FROM v_same
    WHERE record <> stands_for)
SELECT coalesce(o.name, a.provider, 'not named') AS provider,
    coalesce(a.scope, 'not said') AS scope, count(*) AS actions,
    count(CASE WHEN a.result__open = 0 AND a.result = 'granted' THEN 1 END)
        AS granted,
    count(CASE WHEN a.result__open = 0 AND a.result = 'partly_granted'
        THEN 1 END) AS partly,
    count(CASE WHEN a.result__open = 0 AND a.result = 'denied' THEN 1 END)
        AS denied,
    count(CASE WHEN a.result__open = 0 AND a.result = 'referred_on'
        THEN 1 END) AS referred_on,
    count(CASE WHEN a.result__open = 1
        OR coalesce(a.result, 'pending') = 'pending' THEN 1 END) AS pending,
    count(DISTINCT coalesce(s.stands_for, a.person)) AS persons,
    group_concat(DISTINCT a.record) AS ids
FROM v_advocacy_action a
LEFT JOIN v_organization o ON o.record = a.organization
LEFT JOIN same s ON s.record = a.person
WHERE coalesce(a.entered_in_error, 0) = 0
    AND coalesce(a.on__day, (a.action__at + :zone_ms) / 86400000)
        BETWEEN :from_day AND :to_day
    AND (:caseload = '' OR a.case_id IN
        (SELECT case_id FROM o_caseload WHERE caseload = :caseload))
GROUP BY 1, 2
ORDER BY 1, 2
