-- report: R-18b
-- title: Free tax sites by sponsor
-- clauses: MS-C2 MS-C3
-- definition: Tax sites of the directory by who sponsors them and by the county in which
--   they stand, else by each that they serve.  Entities are encouraged to have one in their
--   area: what is missing here is no violation.
-- parameter as_of: date = today | As of
-- parameter county: text = | County
-- column sponsor: text | Sponsor
-- column entity: text | CSBG entity
-- column county: text | County
-- column sites: int | Sites
-- column in_season: int | In season
-- column closed: int | Closed
-- column ids: ids | Sites
WITH places AS MATERIALIZED (
    SELECT record, county FROM v_location
    WHERE vita_site = 1 AND county IS NOT NULL
    UNION SELECT l.record, v.value FROM v_location l
    JOIN v_location__coverage v ON v.record = l.record
    WHERE l.vita_site = 1 AND l.county IS NULL),
sites AS MATERIALIZED (
    SELECT l.record, l.sponsor,
        l.organization, coalesce(p.county, 'unknown') AS county,
        coalesce(l.closed, 0) AS closed, CASE
            WHEN coalesce(l.season_from, '') <= :as_of
                AND coalesce(l.season_to, '9999') >= :as_of THEN 1 ELSE 0 END
            AS season
    FROM v_location l LEFT JOIN places p ON p.record = l.record
    WHERE l.vita_site = 1)
SELECT coalesce(s.name, o.name, 'not named') AS sponsor,
    coalesce(s.csbg_entity, o.csbg_entity, '') AS entity, l.county,
    count(CASE WHEN l.closed = 0 THEN 1 END) AS sites,
    count(CASE WHEN l.closed = 0 AND l.season = 1 THEN 1 END) AS in_season,
    count(CASE WHEN l.closed = 1 THEN 1 END) AS closed,
    group_concat(DISTINCT l.record) AS ids
FROM sites l
LEFT JOIN v_organization s ON s.record = l.sponsor
LEFT JOIN v_organization o ON o.record = l.organization
WHERE :county = '' OR l.county = :county
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
