-- report: R-06
-- title: Unmet needs by domain and county
-- clauses: ME-S2 ME-S3 ME-II-2
-- definition: Needs that are not met: open, without any resource, or declined; by domain
--   and by the county of the person, else of the household.
-- parameter county: text = | County
-- parameter caseload: text = | Caseload
-- column domain: text | Domain
-- column county: text | County
-- column open: count | Open
-- column no_resource: count | No resource
-- column declined: count | Declined
-- column total: count | Total
-- column ids: ids | Needs
WITH needs AS (
    SELECT n.record, coalesce(n.status, 'open') AS status,
        coalesce(n.domain, 'unknown') AS domain,
        coalesce(p.county, h.county, 'unknown') AS county
    FROM v_need n
    LEFT JOIN v_person p ON p.record = n.person
    LEFT JOIN v_household h ON h.record = n.household
    WHERE :caseload = '' OR n.case_id IN
        (SELECT case_id FROM o_caseload WHERE caseload = :caseload))
SELECT domain, county,
    count(CASE WHEN status IN ('open', 'referred', 'in_progress')
        THEN 1 END) AS "open",
    count(CASE WHEN status = 'no_resource' THEN 1 END) AS no_resource,
    count(CASE WHEN status = 'declined' THEN 1 END) AS declined,
    count(*) AS total, group_concat(DISTINCT record) AS ids
FROM needs
WHERE status IN ('open', 'referred', 'in_progress', 'no_resource', 'declined')
    AND (:county = '' OR county = :county)
GROUP BY 1, 2
ORDER BY 1, 2
