-- report: R-19b
-- title: Conflicts by type and field
-- clauses: MS-A2
-- definition: Fields that wait for a person's decision, and for how long.  One that was
--   settled stands in its record's history and is not counted here.
-- parameter as_of: date = today | As of
-- parameter caseload: text = | Caseload
-- column type: text | Type
-- column field: text | Field
-- column conflicts: count | Open
-- column week: count | over 7 days
-- column oldest_days: int | Oldest, days
-- column ids: ids | Records
SELECT coalesce(type, 'unknown') AS type, field, count(*) AS conflicts,
    count(CASE WHEN :as_of_day - (since + :zone_ms) / 86400000 > 7 THEN 1 END) AS week,
    max(:as_of_day - (since + :zone_ms) / 86400000) AS oldest_days,
    group_concat(DISTINCT record) AS ids
FROM o_conflict
WHERE :caseload = '' OR case_id IN
    (SELECT case_id FROM o_caseload WHERE caseload = :caseload)
GROUP BY 1, 2
ORDER BY 1, 2
