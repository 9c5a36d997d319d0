-- policy: consent_missing
-- title: Referral sent without consent
-- clauses: ME-II-12 24-6.7
-- definition: A referral that was sent, whether it has ended or not, with neither a consent
--   nor another basis.
-- do: Have the release signed and name it in the referral, or name the basis: internal, a
--   mandated report, life safety, law.  If there is none, tell a supervisor.
-- owner: worker
SELECT r.case_id, r.record,
    coalesce(r.sent_at__day, (r.status__at + :zone_ms) / 86400000) AS since,
    'none' AS facts,
    'Referral sent with neither consent nor another basis' AS what
FROM v_referral r LEFT JOIN v_consent c ON c.record = r.consent
WHERE coalesce(r.status, 'draft') NOT IN ('draft', 'ready',
        'entered_in_error', 'client_declined')
    AND c.record IS NULL AND r.basis IS NULL
