-- policy: consent_revoked
-- title: Referral on a consent that does not hold
-- clauses: ME-II-12 24-6.7
-- definition: A referral without another basis whose consent is another person's or did not
--   hold on the day when it was sent; or that has not ended, though its consent was revoked
--   or has expired.
-- do: Tell the provider nothing more and follow up with the client only; ask for a new
--   release, or end the referral.
-- owner: supervisor
-- parameter as_of: date = today | As of
WITH same AS MATERIALIZED (SELECT record, stands_for FROM v_same),
referrals AS (
    SELECT r.case_id, r.record, c.record AS consent,
        coalesce(r.sent_at__day, (r.status__at + :zone_ms) / 86400000) AS day,
        coalesce(s.stands_for, r.person) AS person,
        coalesce(t.stands_for, c.person) AS giver,
        CASE WHEN r.status IN ('sent', 'received', 'accepted', 'scheduled',
            'attended', 'in_service', 'waitlisted') THEN 1 ELSE 0 END AS waits,
        c.status, (c.status__at + :zone_ms) / 86400000 AS said,
        c.valid_from__day AS first, c.valid_to__day AS last
    FROM v_referral r JOIN v_consent c ON c.record = r.consent
    LEFT JOIN same s ON s.record = r.person
    LEFT JOIN same t ON t.record = c.person
    WHERE r.basis IS NULL AND coalesce(r.status, 'draft') NOT IN ('draft',
        'ready', 'entered_in_error', 'client_declined')),
judged AS (
    SELECT case_id, record, consent, day, said, last,
        CASE WHEN person <> giver THEN 'of another person'
             WHEN waits = 1 AND status = 'revoked' THEN 'revoked'
             WHEN first > day OR last < day
                THEN 'not valid on the day when it was sent'
             WHEN waits = 1 AND last < :as_of_day THEN 'expired' END AS why
    FROM referrals)
SELECT case_id, record, CASE WHEN why = 'revoked' AND said > day THEN said
        WHEN why = 'expired' THEN last ELSE day END AS since,
    consent || ' ' || why AS facts,
    'Its consent is ' || why AS what
FROM judged WHERE why IS NOT NULL
