-- policy: vita_wrong_county
-- title: Tax referral against the county rule
-- clauses: MS-C4
-- definition: A tax referral whose basis does not agree with the directory: to a site of or
--   in the county, that is in none that serves it; to a sponsored site that no CSBG entity sponsors or runs;
--   past the county, or to a virtual site or hotline, though a site of the county was in
--   season on the day when it was sent.  Where a sponsored site was, another of the county
--   is no finding: the client may choose.
-- do: Refer the client to a site of the county (`sites` lists them); if the client chose
--   otherwise, resolve this with the reason.
-- owner: worker
WITH served AS MATERIALIZED (
    SELECT record, county, season_from__day AS first, season_to__day AS last
    FROM v_location
    WHERE vita_site = 1 AND coalesce(closed, 0) = 0 AND county IS NOT NULL
    UNION SELECT l.record, v.value, l.season_from__day, l.season_to__day
    FROM v_location l JOIN v_location__coverage v ON v.record = l.record
    WHERE l.vita_site = 1 AND coalesce(l.closed, 0) = 0),
tax AS MATERIALIZED (
    SELECT r.case_id, r.record, coalesce(r.county, p.county) AS county,
        r.site_choice_basis AS basis, r.location, l.county AS at,
        coalesce(o.csbg_entity, h.csbg_entity, l.sponsor) AS sponsor,
        coalesce(r.sent_at__day, (r.status__at + :zone_ms) / 86400000) AS day
    FROM v_referral r
    LEFT JOIN v_person p ON p.record = r.person
    LEFT JOIN v_location l ON l.record = r.location
    LEFT JOIN v_organization o ON o.record = l.sponsor
    LEFT JOIN v_organization h ON h.record = l.organization
    WHERE r.site_choice_basis IS NOT NULL
        AND coalesce(r.status, 'draft') NOT IN ('draft', 'entered_in_error',
            'client_declined', 'client_withdrew', 'cancelled')),
passed AS MATERIALIZED (
    SELECT t.record, min(s.record) AS site FROM tax t
    JOIN served s ON s.county = t.county
    WHERE t.basis IN ('no_site_in_county', 'virtual', 'hotline')
        AND coalesce(s.first, t.day) <= t.day
        AND coalesce(s.last, t.day) >= t.day
        AND coalesce(t.location, '') <> s.record
    GROUP BY t.record),
judged AS (
    SELECT t.case_id, t.record, t.day, t.county, t.basis, t.location, t.at,
        x.site,
        CASE WHEN x.site IS NOT NULL THEN 'passed'
             WHEN t.basis IN ('sponsored_site', 'other_site_in_county')
                AND t.location IS NOT NULL AND t.county IS NOT NULL
                AND coalesce(t.at, '') <> t.county
                AND (t.location, t.county) NOT IN
                    (SELECT record, county FROM served)
                THEN 'elsewhere'
             WHEN t.basis = 'sponsored_site' AND t.location IS NOT NULL
                AND t.sponsor IS NULL THEN 'no sponsor' END AS why
    FROM tax t LEFT JOIN passed x ON x.record = t.record)
SELECT case_id, record, day AS since,
    why || ' ' || coalesce(site, location, '') || ' ' || coalesce(county, '')
        AS facts,
    CASE why WHEN 'passed' THEN 'Referred as ' || replace(basis, '_', ' ') ||
            ', though site ' || site || ' serves county ' || county
        WHEN 'elsewhere' THEN 'Referred as ' || replace(basis, '_', ' ') ||
            ', though the site is in county ' || coalesce(at, 'unknown') ||
            ' and does not serve ' || county
        ELSE 'Referred to a sponsored site, though the directory names no ' ||
            'sponsor of it' END AS what
FROM judged WHERE why IS NOT NULL
