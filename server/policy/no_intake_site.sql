-- policy: no_intake_site
-- title: County without an intake site
-- clauses: 28-1.7(13)
-- definition: A county that is served from here and in which no place of the directory takes
--   applications.  Served from here is one where a person of the office lives, and each of an
--   eligible entity that has an intake site in the directory; which entity serves which
--   county says the code set `counties`.  Since the last site ended, else since the county
--   has been served.
-- do: Open an intake site in the county and write it into the directory (`intake_site`), or
--   write down there the one that there is.
-- owner: directory
-- parameter as_of: date = today | As of
WITH counties AS MATERIALIZED (
    SELECT c.record, r.code AS county, r.label AS name, r.csbg_entity AS entity
    FROM v_code_set c JOIN v_code_set__codes r ON r.record = c.record
    WHERE c."set" = 'counties' AND r.csbg_entity IS NOT NULL
        AND c.version = (SELECT max(version) FROM v_code_set
            WHERE "set" = 'counties')),
sites AS MATERIALIZED (
    SELECT county, coalesce(from_day, (written_at + :zone_ms) / 86400000) AS first,
        CASE WHEN closed_at IS NULL THEN to_day
            ELSE (closed_at + :zone_ms) / 86400000 - 1 END AS last
    FROM o_intake WHERE coalesce(from_day, :as_of_day) <= :as_of_day),
had AS MATERIALIZED (
    SELECT county, max(coalesce(last, :as_of_day)) AS last FROM sites
    GROUP BY county),
entities AS MATERIALIZED (
    SELECT k.entity, min(s.first) AS day FROM sites s
    JOIN counties k ON k.county = s.county GROUP BY k.entity),
homes AS MATERIALIZED (
    SELECT county, min((county__at + :zone_ms) / 86400000) AS day FROM v_person
    WHERE duplicate_of IS NULL AND county IS NOT NULL GROUP BY county)
SELECT NULL AS case_id, k.record, coalesce(h.last + 1, p.day, e.day) AS since,
    k.county || coalesce(' ' || CAST(h.last AS TEXT), ' never') AS facts,
    k.name || ' (' || k.county || '), a county of ' || k.entity ||
        CASE WHEN h.last IS NULL THEN ', has no intake site in the directory'
        ELSE ', has no intake site any more' END AS what
FROM counties k
LEFT JOIN had h ON h.county = k.county
LEFT JOIN entities e ON e.entity = k.entity
LEFT JOIN homes p ON p.county = k.county
WHERE coalesce(h.last, 0) < :as_of_day
    AND (e.entity IS NOT NULL OR p.county IS NOT NULL)
