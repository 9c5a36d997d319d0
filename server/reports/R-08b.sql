-- report: R-08b
-- title: Projected hours that end
-- clauses: ME-I-D ME-S10
-- definition: Projections of hours in force that end within so many days, or did before the
--   day, or reach further than six months, after which 45 CFR 261.60(c) asks for new proof.
-- parameter as_of: date = today | As of
-- parameter caseload: text = | Caseload
-- parameter ahead_days: int = 30 | Days ahead
-- column worker: text | Worker
-- column ended: count | Ended
-- column ending: count | Ending
-- column too_long: count | Over six months
-- column ids: ids | Projections
WITH worker AS MATERIALIZED (
    SELECT case_id, max("primary") AS worker FROM v_assignment
    GROUP BY case_id),
projected AS (
    SELECT record, case_id, to__day - :as_of_day AS days,
        to__day - from__day AS length FROM v_hours_projection
    WHERE coalesce(status, 'in_force') = 'in_force')
SELECT coalesce(w.worker, 'nobody') AS worker,
    count(CASE WHEN p.days < 0 THEN 1 END) AS ended,
    count(CASE WHEN p.days BETWEEN 0 AND :ahead_days THEN 1 END) AS ending,
    count(CASE WHEN p.length > 184 THEN 1 END) AS too_long,
    group_concat(DISTINCT p.record) AS ids
FROM projected p LEFT JOIN worker w ON w.case_id = p.case_id
WHERE (p.days <= :ahead_days OR p.length > 184)
    AND (:caseload = '' OR p.case_id IN
        (SELECT case_id FROM o_caseload WHERE caseload = :caseload))
GROUP BY 1
ORDER BY 1
