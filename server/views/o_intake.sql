-- Intake sites, once for each county that they serve.
SELECT record, county, from_day, to_day, written_at, closed_at
FROM (SELECT l.record, coalesce(l.county, v.value) AS county, l.intake_from__day AS from_day,
        l.intake_to__day AS to_day, l.intake_site__at AS written_at,
        CASE WHEN l.closed = 1 THEN l.closed__at END AS closed_at
    FROM v_location l
        LEFT JOIN v_location__coverage v ON v.record = l.record AND l.county IS NULL
    WHERE l.intake_site = 1) site
WHERE county IS NOT NULL
