-- policy: must_refer
-- title: Need beyond the agency that was not referred
-- clauses: MS-B1)b ME-S3 ME-II-7
-- definition: An open need that the agency cannot meet, or only partly, and of which no
--   referral speaks so many days after that was said; a draft is none.  One that is said to
--   be referred, in progress or met without a referral is found by `guard`.
-- do: Refer it; or say in the need why not: the client declined, or there is no resource.
-- owner: worker
-- parameter as_of: date = today | As of
-- parameter within_days: int = 3 | Days until it is referred [ours]
WITH referred AS MATERIALIZED (
    SELECT DISTINCT need FROM v_referral
    WHERE need IS NOT NULL
        AND coalesce(status, 'draft') NOT IN ('draft', 'entered_in_error')),
needs AS (
    SELECT case_id, record, csbg_can_meet AS can,
        coalesce(domain, 'not said') AS domain,
        (csbg_can_meet__at + :zone_ms) / 86400000 + :within_days AS due
    FROM v_need
    WHERE csbg_can_meet IN ('no', 'partly')
        AND coalesce(status, 'open') = 'open')
SELECT case_id, record, due AS since, can AS facts,
    'Need (' || domain || ') that the agency ' ||
    CASE can WHEN 'no' THEN 'cannot meet' ELSE 'can meet only partly' END ||
    ', and no referral speaks of it' AS what
FROM needs
WHERE due < :as_of_day AND record NOT IN (SELECT need FROM referred)
