-- report: R-16b
-- title: Logic models: what does not align
-- clauses: MS-B3 MS-B4 MS-B5
-- definition: By entity and year: which of the top three needs have no logic model, models
--   that are tied to none of them, objectives that cannot be counted, objectives without a
--   submitted indicator target and no reason, and targets without an objective.
-- parameter year: text = | Year
-- parameter entity: text = | Entity
-- column entity: text | Entity
-- column year: int | Year
-- column finding: text | Finding
-- column count: int | How many
-- column ids: ids | Records
WITH models AS MATERIALIZED (
    SELECT record, coalesce(entity, '') AS entity, year,
        coalesce(need_rank, 'other') AS need_rank FROM v_logic_model
    WHERE coalesce(status, 'draft') NOT IN ('superseded', 'withdrawn')),
objectives AS MATERIALIZED (
    SELECT j.record, m.entity, m.year, j.measure, j.number, j.target,
        j.not_aligned_reason FROM v_outcome_objective j
    JOIN models m ON m.record = j.model),
years AS MATERIALIZED (
    SELECT entity, year FROM models
    UNION SELECT coalesce(entity, ''), year FROM v_needs_assessment
    UNION SELECT coalesce(entity, ''), year FROM v_npi_target),
ranks AS (
    SELECT 'rank_1' AS need_rank UNION ALL SELECT 'rank_2'
    UNION ALL SELECT 'rank_3'),
findings AS (
    SELECT y.entity, y.year, 1 AS place, r.need_rank AS record
    FROM years y CROSS JOIN ranks r LEFT JOIN models m
        ON m.entity = y.entity AND m.year = y.year AND m.need_rank = r.need_rank
    WHERE m.record IS NULL
    UNION ALL SELECT entity, year, 2, record FROM models
    WHERE need_rank NOT IN ('rank_1', 'rank_2', 'rank_3')
    UNION ALL SELECT entity, year, 3, record FROM objectives
    WHERE number IS NULL
    UNION ALL SELECT entity, year, 4, record FROM objectives
    WHERE target IS NULL AND coalesce(not_aligned_reason, '') = ''
    UNION ALL SELECT coalesce(t.entity, ''), t.year, 5, t.record
    FROM v_npi_target t LEFT JOIN objectives j ON j.target = t.record
    WHERE j.record IS NULL),
named AS (
    SELECT 1 AS place, 'need of the top three without a model' AS finding
    UNION ALL SELECT 2, 'model tied to none of the top three'
    UNION ALL SELECT 3, 'objective that cannot be counted'
    UNION ALL SELECT 4, 'objective without a submitted target'
    UNION ALL SELECT 5, 'target without an objective')
SELECT f.entity, f.year, n.finding, count(DISTINCT f.record) AS "count",
    group_concat(DISTINCT f.record) AS ids
FROM findings f JOIN named n ON n.place = f.place
WHERE (:year = '' OR CAST(f.year AS TEXT) = :year)
    AND (:entity = '' OR f.entity = :entity)
GROUP BY f.entity, f.year, n.place, n.finding
ORDER BY f.entity, f.year, n.place
