-- report: R-05b
-- title: Change on the scales
-- clauses: MS-A3 MS-A4e
-- definition: By scale, its version and domain, persons who were scored at least twice
--   until the day, and whether the latest score is above, equal to or below the first.  A
--   score in conflict is left out.
-- parameter as_of: date = today | As of
-- parameter caseload: text = | Caseload
-- column scale: text | Scale
-- column version: text | Version
-- column domain: text | Domain
-- column persons: count | Persons
-- column better: count | Above
-- column same: count | Equal
-- column worse: count | Below
-- column ids: ids | Latest scores
WITH people AS MATERIALIZED (SELECT record, stands_for FROM v_same
    WHERE record <> stands_for),
scores AS MATERIALIZED (
    SELECT c.record, coalesce(p.stands_for, c.person) AS person,
        coalesce(c.scale, 'not named') AS scale,
        coalesce(c.scale_version, '') AS version,
        coalesce(c.domain, 'unknown') AS domain, c.score, c.as_of
    FROM v_scale_score c LEFT JOIN people p ON p.record = c.person
    WHERE coalesce(c.entered_in_error, 0) = 0 AND c.score__open = 0
        AND c.score IS NOT NULL AND c.as_of <= :as_of
        AND (:caseload = '' OR c.case_id IN
            (SELECT case_id FROM o_caseload WHERE caseload = :caseload))),
ends AS MATERIALIZED (
    SELECT person, scale, version, domain, min(as_of) AS first,
        max(as_of) AS latest
    FROM scores GROUP BY person, scale, version, domain),
pairs AS (
    SELECT e.scale, e.version, e.domain, e.person,
        max(CASE WHEN s.as_of = e.first THEN s.score END) AS first,
        max(CASE WHEN s.as_of = e.latest THEN s.score END) AS latest,
        max(CASE WHEN s.as_of = e.latest THEN s.record END) AS record
    FROM ends e JOIN scores s ON s.person = e.person AND s.scale = e.scale
        AND s.version = e.version AND s.domain = e.domain
    WHERE e.first < e.latest
    GROUP BY e.scale, e.version, e.domain, e.person)
SELECT scale, version, domain, count(*) AS persons,
    count(CASE WHEN latest > first THEN 1 END) AS better,
    count(CASE WHEN latest = first THEN 1 END) AS same,
    count(CASE WHEN latest < first THEN 1 END) AS worse,
    group_concat(DISTINCT record) AS ids
FROM pairs
GROUP BY scale, version, domain
ORDER BY scale, version, domain
