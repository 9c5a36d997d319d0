-- policy: consent_expired
-- title: Referral on a consent that is out of date
-- clauses: ME-II-12 24-6.7
-- definition: A referral without another basis whose consent was not valid on the day when
--   it was sent; or that has not ended, though its consent has expired.  One that was revoked
--   or is another person's is found by `guard`.
-- do: Tell the provider nothing more and follow up with the client only; ask for a new
--   release, or end the referral.
-- owner: supervisor
-- parameter as_of: date = today | As of
WITH referrals AS (
    SELECT r.case_id, r.record, c.record AS consent,
        coalesce(r.sent_at__day, (r.status__at + :zone_ms) / 86400000) AS day,
        CASE WHEN r.status IN ('sent', 'received', 'accepted', 'scheduled',
            'attended', 'in_service', 'waitlisted') THEN 1 ELSE 0 END AS waits,
        c.valid_from__day AS first, c.valid_to__day AS last
    FROM v_referral r JOIN v_consent c ON c.record = r.consent
    WHERE r.basis IS NULL AND coalesce(r.status, 'draft') NOT IN ('draft',
        'ready', 'entered_in_error', 'client_declined')),
judged AS (
    SELECT case_id, record, consent, day, last,
        CASE WHEN first > day OR last < day
                THEN 'was not valid on the day when it was sent'
             WHEN waits = 1 AND last < :as_of_day THEN 'has expired' END AS why
    FROM referrals)
SELECT case_id, record,
    CASE why WHEN 'has expired' THEN last ELSE day END AS since,
    consent || ' ' || why AS facts, 'Its consent ' || why AS what
FROM judged WHERE why IS NOT NULL
