-- policy: vita_basis_missing
-- title: Tax referral that does not say why this site
-- clauses: MS-C4
-- definition: A tax referral that was sent without saying why that site was chosen, of a
--   client whose county nobody knows, or as that of a county without a site but without the
--   version of the directory that said so.
-- do: Write it again with the county, the basis of the choice and the directory's version,
--   and mark this one as entered in error.
-- owner: worker
WITH tax AS (
    SELECT r.case_id, r.record,
        coalesce(r.sent_at__day, (r.status__at + :zone_ms) / 86400000) AS day,
        CASE WHEN r.site_choice_basis IS NULL THEN 'why this site was chosen'
             WHEN coalesce(r.county, p.county) IS NULL THEN 'the county'
             WHEN r.site_choice_basis = 'no_site_in_county'
                AND r.directory_version IS NULL
                THEN 'which version of the directory has no site' END AS lacks
    FROM v_referral r LEFT JOIN v_person p ON p.record = r.person
    WHERE (r.tax_year IS NOT NULL OR r.site_choice_basis IS NOT NULL)
        AND coalesce(r.status, 'draft') NOT IN ('draft', 'entered_in_error',
            'client_declined', 'client_withdrew', 'cancelled'))
SELECT case_id, record, day AS since, lacks AS facts,
    'Tax referral that does not say ' || lacks AS what
FROM tax WHERE lacks IS NOT NULL
