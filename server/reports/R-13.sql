-- report: R-13
-- title: Confidentiality
-- clauses: ME-II-12 MS-C4
-- definition: What disclosed, or still does, without consent; and who could read though
--   they work here no longer; and how often data about persons left by an export.  A referral is open from when it is sent until it ends.
-- parameter as_of: date = today | As of
-- column finding: text | Finding
-- column count: count | How many
-- column ids: ids | Records, devices, users
WITH referrals AS MATERIALIZED (
    SELECT r.record, r.basis, c.record AS consent, c.status AS given,
        c.valid_to, CASE WHEN r.status IN ('sent', 'received', 'accepted',
            'scheduled', 'attended', 'in_service', 'waitlisted')
            THEN 1 ELSE 0 END AS waits
    FROM v_referral r LEFT JOIN v_consent c ON c.record = r.consent
    WHERE coalesce(r.status, 'draft') NOT IN ('draft', 'ready',
        'entered_in_error', 'client_declined')),
findings AS (
    SELECT 1 AS place, record FROM referrals
    WHERE consent IS NULL AND basis IS NULL
    UNION ALL SELECT 2, record FROM referrals
    WHERE waits = 1 AND given = 'revoked' AND basis IS NULL
    UNION ALL SELECT 3, record FROM referrals
    WHERE waits = 1 AND given = 'given' AND valid_to < :as_of
        AND basis IS NULL
    UNION ALL SELECT 4, record FROM v_site_referral
    WHERE withdrawn = 1 AND coalesce(status, 'received') IN ('received',
        'contacted', 'appointment_made', 'attended')
    UNION ALL SELECT 5, d.replica FROM o_device d
    JOIN o_user u ON u."user" = d."user"
    WHERE u.disabled = 1 AND d.revoked_at IS NULL AND d.closed IS NULL
    UNION ALL SELECT 6, record FROM v_disclosure_log
    WHERE consent IS NULL AND basis IS NULL
        AND coalesce(entered_in_error, 0) = 0
    UNION ALL SELECT 7, record FROM v_advocacy_action
    WHERE scope = 'outside' AND consent IS NULL AND basis IS NULL
        AND coalesce(entered_in_error, 0) = 0
    UNION ALL SELECT 8, u."user" FROM o_user u
    WHERE u.disabled = 0 AND u."user" NOT IN (SELECT a."user"
        FROM v_attestation a WHERE a."user" IS NOT NULL
            AND coalesce(a.signed_on, '') <= :as_of
            AND coalesce(a.valid_to, '9999') >= :as_of)
    UNION ALL SELECT 9, record FROM v_incident
    WHERE coalesce(status, 'open') IN ('open', 'assessed')
    UNION ALL SELECT 10, record FROM v_disclosure_log
    WHERE method = 'export' AND coalesce(entered_in_error, 0) = 0),
named AS (
    SELECT 1 AS place, 'referral sent with neither consent nor other basis' AS finding
    UNION ALL SELECT 2, 'open referral whose consent was revoked'
    UNION ALL SELECT 3, 'open referral whose consent has expired'
    UNION ALL SELECT 4, 'a site goes on though consent was withdrawn'
    UNION ALL SELECT 5, 'device not revoked of a user who is disabled'
    UNION ALL SELECT 6, 'disclosure with neither consent nor other basis'
    UNION ALL SELECT 7, 'advocacy outside with neither consent nor basis'
    UNION ALL SELECT 8, 'user without a statement of confidentiality'
    UNION ALL SELECT 9, 'incident that is not closed'
    UNION ALL SELECT 10, 'export of data about persons')
SELECT n.finding, count(f.record) AS "count",
    group_concat(DISTINCT f.record) AS ids
FROM named n LEFT JOIN findings f ON f.place = n.place
GROUP BY n.place, n.finding
ORDER BY n.place
