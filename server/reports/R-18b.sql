-- report: R-18b
-- title: Free tax sites by sponsor
-- clauses: MS-C2 MS-C3
-- definition: Tax sites of the directory by who sponsors them and by county.  Entities are
--   encouraged to have one in their area: what is missing here is no violation.
-- parameter as_of: date = today | As of
-- parameter county: text = | County
-- column sponsor: text | Sponsor
-- column entity: text | CSBG entity
-- column county: text | County
-- column sites: int | Sites
-- column in_season: int | In season
-- column closed: int | Closed
-- column ids: ids | Sites
SELECT coalesce(s.name, o.name, 'not named') AS sponsor,
    coalesce(s.csbg_entity, o.csbg_entity, '') AS entity,
    coalesce(l.county, 'unknown') AS county,
    count(CASE WHEN coalesce(l.closed, 0) = 0 THEN 1 END) AS sites,
    count(CASE WHEN coalesce(l.closed, 0) = 0
        AND coalesce(l.season_from, '') <= :as_of
        AND coalesce(l.season_to, '9999') >= :as_of THEN 1 END) AS in_season,
    count(CASE WHEN l.closed = 1 THEN 1 END) AS closed,
    group_concat(DISTINCT l.record) AS ids
FROM v_location l
LEFT JOIN v_organization s ON s.record = l.sponsor
LEFT JOIN v_organization o ON o.record = l.organization
WHERE l.vita_site = 1 AND (:county = '' OR l.county = :county)
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
