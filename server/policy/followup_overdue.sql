-- policy: followup_overdue
-- title: Referral without follow-up in time
-- clauses: MS-B1)c ME-II-7 ME-II-10
-- definition: A referral that was sent and has not ended, of which nobody has written a
--   follow-up in so many working days, fewer in a crisis; or whose next follow-up is past:
--   the day that the last one named, else so many days after it.  One whose end is in
--   conflict has not ended.  Holidays are not known.
-- do: Ask what came of it and write a follow-up.
-- owner: worker
-- parameter as_of: date = today | As of
-- parameter first_days: int = 3 | Working days until the first follow-up [ours]
-- parameter crisis_days: int = 1 | The same in a crisis [ours]
-- parameter again_days: int = 30 | Days until the next, where none is named [ours]
WITH followed AS MATERIALIZED (
    SELECT referral, next_due__day AS due,
        coalesce(on__day, (finding__at + :zone_ms) / 86400000) AS day
    FROM v_referral_followup
    WHERE coalesce(entered_in_error, 0) = 0 AND referral IS NOT NULL),
last AS MATERIALIZED (
    SELECT referral, day, min(coalesce(due, day + :again_days)) AS due
    FROM followed
    WHERE (referral, day) IN
        (SELECT referral, max(day) FROM followed GROUP BY referral)
    GROUP BY referral, day),
sent AS (
    SELECT r.case_id, r.record, l.due AS next,
        coalesce(o.name, s.name, r.provider, 'a resource that is not named')
            AS resource,
        coalesce(r.sent_at__day, (r.status__at + :zone_ms) / 86400000) AS day,
        CASE WHEN r.urgency IN ('crisis', 'life_threatening')
             THEN :crisis_days ELSE :first_days END AS days
    FROM v_referral r
    LEFT JOIN last l ON l.referral = r.record
    LEFT JOIN v_organization o ON o.record = r.organization
    LEFT JOIN v_service s ON s.record = r.service
    WHERE r.status IN ('sent', 'received', 'accepted', 'scheduled',
            'attended', 'in_service', 'waitlisted')
        OR (r.status__open = 1 AND r.sent_at IS NOT NULL)),
-- A day of the week, 0 for Monday; what is sent on a weekend counts from Friday.
week AS (
    SELECT case_id, record, next, resource, day, days,
        CASE WHEN (day + 3) % 7 > 4 THEN 4 ELSE (day + 3) % 7 END AS weekday,
        CASE WHEN (day + 3) % 7 > 4 THEN (day + 3) % 7 - 4 ELSE 0 END AS over
    FROM sent),
due AS (
    SELECT case_id, record, next, resource,
        coalesce(next, day - over + days + 2 * ((weekday + days) / 5)) AS due
    FROM week)
SELECT case_id, record, due AS since,
    CASE WHEN next IS NULL THEN 'first ' ELSE 'next ' END ||
        CAST(due AS TEXT) AS facts,
    'Referral to ' || resource || ': ' ||
    CASE WHEN next IS NULL THEN 'nobody has followed it up'
        ELSE 'the next follow-up is past' END AS what
FROM due WHERE due < :as_of_day
