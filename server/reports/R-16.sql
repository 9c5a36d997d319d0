-- report: R-16
-- title: Logic models: objectives and outcomes
-- clauses: MS-B1 MS-B2 MS-B3 MS-B4 MS-B5
-- definition: Objectives of the logic models of a year that were not withdrawn or replaced,
--   with the indicator target that each is tied to and persons who achieved that indicator
--   in the year.  Actual is empty where no target names an indicator.
-- parameter year: text = | Year
-- parameter entity: text = | Entity
-- column year: int | Year
-- column entity: text | Entity
-- column model: text | Model
-- column level: text | Level
-- column rank: text | Need
-- column objective: text | Objective
-- column number: int | Objective, number
-- column of: int | of
-- column code: text | Indicator
-- column target: int | Target
-- column actual: count | Actual
-- column ids: ids | Objective
WITH same AS MATERIALIZED (SELECT record, stands_for FROM v_same
    WHERE record <> stands_for),
achieved AS MATERIALIZED (
    SELECT o.code, o.codeset_version AS version, substr(o.achieved_on, 1, 4)
        AS year, count(DISTINCT coalesce(s.stands_for, o.person)) AS persons
    FROM v_outcome o LEFT JOIN same s ON s.record = o.person
    WHERE coalesce(o.entered_in_error, 0) = 0
        AND coalesce(o.verification, 'claimed') <> 'rejected'
    GROUP BY 1, 2, 3),
targets AS MATERIALIZED (
    SELECT record, code, codeset_version, target FROM v_npi_target)
SELECT m.year, coalesce(m.entity, '') AS entity,
    coalesce(m.name, 'not named') AS model, coalesce(m.level, '') AS level,
    coalesce(m.need_rank, 'not said') AS rank,
    coalesce(j.measure, 'no objective') AS objective, j.number, j."of",
    coalesce(t.code, '') AS code, t.target,
    CASE WHEN t.code IS NULL THEN NULL ELSE coalesce(a.persons, 0) END
        AS actual, coalesce(j.record, m.record) AS ids
FROM v_logic_model m
LEFT JOIN v_outcome_objective j ON j.model = m.record
LEFT JOIN targets t ON t.record = j.target
LEFT JOIN achieved a ON a.code = t.code AND a.version = t.codeset_version
    AND a.year = CAST(m.year AS TEXT)
WHERE coalesce(m.status, 'draft') NOT IN ('superseded', 'withdrawn')
    AND (:year = '' OR CAST(m.year AS TEXT) = :year)
    AND (:entity = '' OR m.entity = :entity)
ORDER BY 1, 2, 3, 6, 12
