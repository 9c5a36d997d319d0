-- report: R-02c
-- title: Referrals whose next follow-up is overdue
-- clauses: MS-B1)c ME-II-10
-- definition: Referrals that have not ended and were followed up before, where the last
--   follow-up said when the next is due, and that was before the day.
-- parameter as_of: date = today | As of
-- parameter caseload: text = | Caseload
-- column worker: text | Worker
-- column week: count | up to 7 days
-- column month: count | 8-30
-- column more: count | over 30
-- column total: count | Total
-- column ids: ids | Referrals
WITH worker AS MATERIALIZED (
    SELECT case_id, max("primary") AS worker FROM v_assignment
    GROUP BY case_id),
followed AS MATERIALIZED (
    SELECT referral, next_due__day AS due,
        coalesce(on__day, (finding__at + :zone_ms) / 86400000) AS day
    FROM v_referral_followup WHERE coalesce(entered_in_error, 0) = 0),
due AS MATERIALIZED (
    SELECT referral, min(due) AS due FROM followed
    WHERE (referral, day) IN
        (SELECT referral, max(day) FROM followed GROUP BY referral)
    GROUP BY referral),
late AS (
    SELECT r.record, r.case_id, :as_of_day - d.due AS days FROM v_referral r
    JOIN due d ON d.referral = r.record
    WHERE (r.status__open = 1 OR r.status IN ('sent', 'received', 'accepted',
            'scheduled', 'attended', 'in_service', 'waitlisted'))
        AND d.due < :as_of_day
        AND (:caseload = '' OR r.case_id IN
            (SELECT case_id FROM o_caseload WHERE caseload = :caseload)))
SELECT coalesce(w.worker, 'nobody') AS worker,
    count(CASE WHEN l.days <= 7 THEN 1 END) AS week,
    count(CASE WHEN l.days BETWEEN 8 AND 30 THEN 1 END) AS month,
    count(CASE WHEN l.days > 30 THEN 1 END) AS more,
    count(*) AS total, group_concat(DISTINCT l.record) AS ids
FROM late l LEFT JOIN worker w ON w.case_id = l.case_id
GROUP BY 1
ORDER BY 1
