-- report: R-02b
-- title: Needs that must be referred and are not
-- clauses: MS-B1)b ME-S3
-- definition: Open needs that the agency cannot meet, or only partly, and of which no
--   referral speaks; declined, withdrawn, met and without resource are not open.
-- parameter caseload: text = | Caseload
-- column worker: text | Worker
-- column domain: text | Domain
-- column no: count | Cannot meet
-- column partly: count | Partly
-- column total: count | Total
-- column ids: ids | Needs
WITH worker AS MATERIALIZED (
    SELECT case_id, max("primary") AS worker FROM v_assignment
    GROUP BY case_id),
referred AS MATERIALIZED (
    SELECT DISTINCT need FROM v_referral
    WHERE need IS NOT NULL AND status <> 'entered_in_error')
SELECT coalesce(w.worker, 'nobody') AS worker,
    coalesce(n.domain, 'unknown') AS domain,
    count(CASE WHEN n.csbg_can_meet = 'no' THEN 1 END) AS "no",
    count(CASE WHEN n.csbg_can_meet = 'partly' THEN 1 END) AS partly,
    count(*) AS total, group_concat(DISTINCT n.record) AS ids
FROM v_need n LEFT JOIN worker w ON w.case_id = n.case_id
WHERE n.csbg_can_meet IN ('no', 'partly')
    AND coalesce(n.status, 'open') IN ('open', 'referred', 'in_progress')
    AND n.record NOT IN (SELECT need FROM referred)
    AND (:caseload = '' OR n.case_id IN
        (SELECT case_id FROM o_caseload WHERE caseload = :caseload))
GROUP BY 1, 2
ORDER BY 1, 2
