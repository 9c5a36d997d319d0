-- report: R-14
-- title: Annual report: services
-- clauses: MS-A4e MS-B5 28-8.1
-- definition: Persons who were given each service of the code set in the period, each
--   person once a code, persons who were merged counted as one.  Codes are those of the
--   version that was imported; what was coded otherwise stands at the end.
-- parameter from: date = year_begin | From
-- parameter to: date = today | To
-- parameter version: text = 3.0 | Version
-- parameter codeset: text = csbg-services | Code set
-- column code: text | Code
-- column label: text | Label
-- column count: count | Persons
-- column services: count | Services
-- column ids: ids | Services
WITH same AS MATERIALIZED (SELECT record, stands_for FROM v_same
    WHERE record <> stands_for),
given AS MATERIALIZED (
    SELECT d.record, coalesce(s.stands_for, d.person) AS person, d.code
    FROM v_service_delivered d LEFT JOIN same s ON s.record = d.person
    WHERE coalesce(d.entered_in_error, 0) = 0
        AND d.on__day BETWEEN :from_day AND :to_day
        AND d.codeset_version = :version
        AND replace(replace(d.codeset, '_', '-'), 'csbg-srv', 'csbg-services')
            = :codeset),
codes AS MATERIALIZED (
    SELECT r.code, r.label, r.position FROM v_code_set c
    JOIN v_code_set__codes r ON r.record = c.record
    WHERE c."set" = :codeset AND c.version = :version),
listed AS (
    SELECT code, label, position FROM codes
    UNION ALL SELECT DISTINCT g.code, 'not in the code set', 100000
    FROM given g WHERE g.code NOT IN
        (SELECT code FROM codes WHERE code IS NOT NULL))
SELECT l.code, l.label, count(DISTINCT g.person) AS "count",
    count(g.record) AS services, group_concat(DISTINCT g.record) AS ids
FROM listed l LEFT JOIN given g ON g.code = l.code
GROUP BY l.code, l.label, l.position
ORDER BY l.position, l.code
