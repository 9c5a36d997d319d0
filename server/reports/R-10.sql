-- report: R-10
-- title: Budgeting not offered
-- clauses: ME-II-13
-- definition: Open cases of persons, all of them, to whom the basics of budgeting were not
--   offered, ever or in the year before the day.  An offer that was declined is one.
-- parameter as_of: date = today | As of
-- parameter caseload: text = | Caseload
-- parameter again_days: int = 365 | Days after which it is offered again
-- column worker: text | Worker
-- column cases: count | Open cases
-- column offered: count | Offered in time
-- column long_ago: count | Longer ago
-- column never: count | Never
-- column ids: ids | Cases without an offer in time
WITH worker AS MATERIALIZED (
    SELECT case_id, max("primary") AS worker FROM v_assignment
    GROUP BY case_id),
offers AS MATERIALIZED (
    SELECT case_id, max(day) AS day FROM (
        SELECT case_id, coalesce(day, (written_at + :zone_ms) / 86400000) AS day
        FROM o_offer WHERE what = 'budgeting') offer
    WHERE day <= :as_of_day GROUP BY case_id),
cases AS MATERIALIZED (
    SELECT k.case_id,
        CASE WHEN o.day IS NULL THEN 2
             WHEN :as_of_day - o.day > :again_days THEN 1 ELSE 0 END AS lacks
    FROM o_case k LEFT JOIN offers o ON o.case_id = k.case_id
    WHERE coalesce(k.file_closed_on, '9999') > :as_of
        AND (:caseload = '' OR k.case_id IN
            (SELECT case_id FROM o_caseload WHERE caseload = :caseload)))
SELECT coalesce(w.worker, 'nobody') AS worker, count(*) AS cases,
    count(CASE WHEN k.lacks = 0 THEN 1 END) AS offered,
    count(CASE WHEN k.lacks = 1 THEN 1 END) AS long_ago,
    count(CASE WHEN k.lacks = 2 THEN 1 END) AS never,
    group_concat(DISTINCT CASE WHEN k.lacks > 0 THEN k.case_id END) AS ids
FROM cases k LEFT JOIN worker w ON w.case_id = k.case_id
GROUP BY 1
ORDER BY 1
