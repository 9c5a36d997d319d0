-- report: R-02
-- title: Referrals outstanding without follow-up
-- clauses: MS-B1)a MS-B1)c ME-II-7 ME-II-10
-- definition: Referrals that were sent and have not ended, of which nobody has written a
--   follow-up, though the first was due before the day: so many working days after it was
--   sent, fewer in a crisis.  By the days since it was sent.  One whose end is in conflict
--   has not ended.
-- parameter as_of: date = today | As of
-- parameter caseload: text = | Caseload
-- parameter first_days: int = 3 | Working days until the first follow-up
-- parameter crisis_days: int = 1 | The same in a crisis
-- column worker: text | Worker
-- column resource: text | Resource
-- column d0_14: count | 0-14 days
-- column d15_30: count | 15-30
-- column d31_60: count | 31-60
-- column d61: count | over 60
-- column total: count | Total
-- column ids: ids | Referrals
WITH worker AS MATERIALIZED (
    SELECT case_id, max("primary") AS worker FROM v_assignment
    GROUP BY case_id),
followed AS MATERIALIZED (
    SELECT DISTINCT referral FROM v_referral_followup
    WHERE coalesce(entered_in_error, 0) = 0 AND referral IS NOT NULL),
sent AS (
    SELECT r.record, r.case_id,
        coalesce(o.name, s.name, r.provider, 'not named') AS resource,
        coalesce(r.sent_at__day, (r.status__at + :zone_ms) / 86400000) AS day,
        CASE WHEN r.urgency IN ('crisis', 'life_threatening')
             THEN :crisis_days ELSE :first_days END AS days
    FROM v_referral r
    LEFT JOIN v_organization o ON o.record = r.organization
    LEFT JOIN v_service s ON s.record = r.service
    WHERE (r.status IN ('sent', 'received', 'accepted', 'scheduled',
            'attended', 'in_service', 'waitlisted')
        OR (r.status__open = 1 AND r.sent_at IS NOT NULL))
        AND r.record NOT IN (SELECT referral FROM followed)
        AND (:caseload = '' OR r.case_id IN
            (SELECT case_id FROM o_caseload WHERE caseload = :caseload))),
-- A day of the week, 0 for Monday; what is sent on a weekend counts from Friday.
week AS (
    SELECT record, case_id, resource, day, days,
        CASE WHEN (day + 3) % 7 > 4 THEN 4 ELSE (day + 3) % 7 END AS weekday,
        CASE WHEN (day + 3) % 7 > 4 THEN (day + 3) % 7 - 4 ELSE 0 END AS over
    FROM sent),
late AS (
    SELECT record, case_id, resource, :as_of_day - day AS age FROM week
    WHERE day - over + days + 2 * ((weekday + days) / 5) < :as_of_day)
SELECT coalesce(w.worker, 'nobody') AS worker, l.resource,
    count(CASE WHEN l.age <= 14 THEN 1 END) AS d0_14,
    count(CASE WHEN l.age BETWEEN 15 AND 30 THEN 1 END) AS d15_30,
    count(CASE WHEN l.age BETWEEN 31 AND 60 THEN 1 END) AS d31_60,
    count(CASE WHEN l.age > 60 THEN 1 END) AS d61,
    count(*) AS total, group_concat(DISTINCT l.record) AS ids
FROM late l LEFT JOIN worker w ON w.case_id = l.case_id
GROUP BY 1, 2
ORDER BY 1, 2
