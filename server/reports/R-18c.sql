-- report: R-18c
-- title: What came of tax referrals
-- clauses: MS-C4 MS-C5
-- definition: Tax referrals of the tax year by the client's county and what came of them;
--   unknown until somebody has said.
-- parameter tax_year: text = | Tax year
-- parameter county: text = | County
-- column county: text | County
-- column outcome: text | Outcome
-- column referrals: count | Referrals
-- column eitc_yes: count | EITC yes
-- column ids: ids | Referrals
WITH tax AS (
    SELECT r.record, coalesce(r.county, p.county, 'unknown') AS county,
        coalesce(r.vita_outcome, 'unknown') AS outcome, r.eitc_claimed
    FROM v_referral r LEFT JOIN v_person p ON p.record = r.person
    WHERE (r.tax_year IS NOT NULL OR r.site_choice_basis IS NOT NULL)
        AND coalesce(r.status, 'draft') NOT IN ('draft', 'entered_in_error')
        AND (:tax_year = '' OR CAST(r.tax_year AS TEXT) = :tax_year))
SELECT county, outcome, count(*) AS referrals,
    count(CASE WHEN eitc_claimed = 'yes' THEN 1 END) AS eitc_yes,
    group_concat(DISTINCT record) AS ids
FROM tax WHERE :county = '' OR county = :county
GROUP BY 1, 2
ORDER BY 1, 2
