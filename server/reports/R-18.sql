-- report: R-18
-- title: Free tax help and EITC by county
-- clauses: MS-C1 MS-C2 MS-C3 MS-C4 MS-C5
-- definition: Persons offered help in the period and tax referrals of the tax year, by the
--   client's county: why that site, what came of it, whether the credit was claimed.  Sites
--   are those of the directory that are not closed; a county that no site serves shows 0.
--   An outcome of an appointment only is not known yet.  Expired: not ended, though the
--   site's season is over.  Of a state where somebody or a site is, all counties of the
--   code set are shown.  Outcomes come from the client, or from the site with consent.
-- parameter from: date = year_begin | Offered from
-- parameter to: date = today | Offered until
-- parameter tax_year: text = | Tax year
-- parameter county: text = | County
-- column county: text | County
-- column name: text | Name
-- column sites: int | Sites
-- column offered: count | Offered
-- column referred: count | Referred
-- column sponsored: count | Own site
-- column in_county: count | Other in county
-- column no_site: count | No site
-- column remote: count | Virtual or hotline
-- column no_basis: count | Not said
-- column known: count | Outcome known
-- column eitc_yes: count | EITC yes
-- column eitc_no: count | EITC no
-- column eitc_unknown: count | Not known
-- column expired: count | Expired
-- column ids: ids | Referrals
WITH same AS MATERIALIZED (SELECT record, stands_for FROM v_same
    WHERE record <> stands_for),
people AS MATERIALIZED (
    SELECT p.record, coalesce(s.stands_for, p.record) AS person, p.county
    FROM v_person p LEFT JOIN same s ON s.record = p.record),
offers AS MATERIALIZED (
    SELECT coalesce(p.county, 'unknown') AS county,
        count(DISTINCT p.person) AS offered
    FROM (SELECT person, occurred_at__day AS day FROM v_contact
        WHERE eitc_offered IN ('accepted', 'declined', 'deferred')
            AND coalesce(entered_in_error, 0) = 0
        UNION ALL SELECT person, coalesce(on__day,
            (answer__at + :zone_ms) / 86400000) FROM v_eitc_offer
        WHERE coalesce(entered_in_error, 0) = 0) c
    JOIN people p ON p.record = c.person
    WHERE c.day BETWEEN :from_day AND :to_day
    GROUP BY 1),
served AS MATERIALIZED (
    SELECT record, county FROM v_location
    WHERE vita_site = 1 AND coalesce(closed, 0) = 0 AND county IS NOT NULL
    UNION SELECT l.record, v.value FROM v_location l
    JOIN v_location__coverage v ON v.record = l.record
    WHERE l.vita_site = 1 AND coalesce(l.closed, 0) = 0),
sites AS MATERIALIZED (
    SELECT county, count(DISTINCT record) AS sites FROM served GROUP BY county),
tax AS MATERIALIZED (
    SELECT r.record, coalesce(r.county, p.county, 'unknown') AS county,
        coalesce(r.site_choice_basis, '') AS basis,
        coalesce(r.vita_outcome, 'unknown') AS outcome,
        coalesce(r.eitc_claimed, 'unknown') AS eitc,
        CASE WHEN l.season_to < :to AND r.status IN ('ready', 'sent',
            'received', 'accepted', 'scheduled', 'attended', 'in_service',
            'waitlisted') THEN 1 ELSE 0 END AS expired
    FROM v_referral r
    LEFT JOIN people p ON p.record = r.person
    LEFT JOIN v_location l ON l.record = r.location
    WHERE (r.tax_year IS NOT NULL OR r.site_choice_basis IS NOT NULL)
        AND coalesce(r.status, 'draft') NOT IN ('draft', 'entered_in_error')
        AND (:tax_year = '' OR CAST(r.tax_year AS TEXT) = :tax_year)),
referrals AS MATERIALIZED (
    SELECT county, count(*) AS referred,
        count(CASE WHEN basis = 'sponsored_site' THEN 1 END) AS sponsored,
        count(CASE WHEN basis = 'other_site_in_county' THEN 1 END) AS in_county,
        count(CASE WHEN basis = 'no_site_in_county' THEN 1 END) AS no_site,
        count(CASE WHEN basis IN ('virtual', 'hotline') THEN 1 END) AS remote,
        count(CASE WHEN basis NOT IN ('sponsored_site', 'other_site_in_county',
            'no_site_in_county', 'virtual', 'hotline') THEN 1 END) AS no_basis,
        count(CASE WHEN outcome NOT IN ('unknown', 'appointment_made')
            THEN 1 END) AS known,
        count(CASE WHEN eitc = 'yes' THEN 1 END) AS eitc_yes,
        count(CASE WHEN eitc = 'no' THEN 1 END) AS eitc_no,
        count(CASE WHEN eitc NOT IN ('yes', 'no') THEN 1 END) AS eitc_unknown,
        count(CASE WHEN expired = 1 THEN 1 END) AS expired,
        group_concat(DISTINCT record) AS ids
    FROM tax GROUP BY county),
named AS MATERIALIZED (
    SELECT r.code AS county, min(r.label) AS name FROM v_code_set c
    JOIN v_code_set__codes r ON r.record = c.record
    WHERE c."set" = 'counties' GROUP BY r.code),
known AS MATERIALIZED (
    SELECT county FROM offers UNION SELECT county FROM referrals
    UNION SELECT county FROM people WHERE county IS NOT NULL
    UNION SELECT county FROM sites),
states AS MATERIALIZED (
    SELECT DISTINCT substr(county, 1, 2) AS state FROM known),
counties AS (
    SELECT county FROM known
    UNION SELECT n.county FROM named n
    JOIN states t ON t.state = substr(n.county, 1, 2))
SELECT k.county, coalesce(n.name, '') AS name, coalesce(s.sites, 0) AS sites,
    coalesce(o.offered, 0) AS offered, coalesce(r.referred, 0) AS referred,
    coalesce(r.sponsored, 0) AS sponsored,
    coalesce(r.in_county, 0) AS in_county, coalesce(r.no_site, 0) AS no_site,
    coalesce(r.remote, 0) AS remote, coalesce(r.no_basis, 0) AS no_basis,
    coalesce(r.known, 0) AS known, coalesce(r.eitc_yes, 0) AS eitc_yes,
    coalesce(r.eitc_no, 0) AS eitc_no,
    coalesce(r.eitc_unknown, 0) AS eitc_unknown,
    coalesce(r.expired, 0) AS expired, r.ids
FROM counties k
LEFT JOIN named n ON n.county = k.county
LEFT JOIN sites s ON s.county = k.county
LEFT JOIN offers o ON o.county = k.county
LEFT JOIN referrals r ON r.county = k.county
WHERE :county = '' OR k.county = :county
ORDER BY 1
