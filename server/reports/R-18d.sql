-- report: R-18d
-- title: Intake sites by county
-- clauses: 28-1.7(13)
-- definition: The counties that an eligible entity serves, as the code set `counties` says,
--   and the places of the directory that take applications on the day: of the county in
--   which they stand, else of each that they serve.  The rule asks for one in each county.
-- parameter as_of: date = today | As of
-- parameter entity: text = | CSBG entity
-- parameter county: text = | County
-- column county: text | County
-- column name: text | Name
-- column entity: text | CSBG entity
-- column sites: int | Intake sites
-- column ended: int | Closed or ended
-- column ids: ids | Sites
WITH counties AS (
    SELECT r.code AS county, r.label AS name, r.csbg_entity AS entity
    FROM v_code_set c JOIN v_code_set__codes r ON r.record = c.record
    WHERE c."set" = 'counties' AND r.csbg_entity IS NOT NULL
        AND c.version = (SELECT max(version) FROM v_code_set
            WHERE "set" = 'counties')),
sites AS MATERIALIZED (
    SELECT record, county, CASE WHEN coalesce(to_day, :as_of_day) < :as_of_day
            OR (closed_at + :zone_ms) / 86400000 <= :as_of_day
            THEN 1 ELSE 0 END AS ended
    FROM o_intake WHERE coalesce(from_day, :as_of_day) <= :as_of_day)
SELECT k.county, k.name, k.entity,
    count(CASE WHEN s.ended = 0 THEN 1 END) AS sites,
    count(CASE WHEN s.ended = 1 THEN 1 END) AS ended,
    group_concat(DISTINCT s.record) AS ids
FROM counties k LEFT JOIN sites s ON s.county = k.county
WHERE (:county = '' OR k.county = :county)
    AND (:entity = '' OR k.entity = :entity)
GROUP BY k.county, k.name, k.entity
ORDER BY 1
