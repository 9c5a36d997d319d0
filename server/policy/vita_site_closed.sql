-- policy: vita_site_closed
-- title: Tax referral to a site that is closed
-- clauses: MS-C4
-- definition: A tax referral that has not ended, to a site that the directory says is
--   closed, or that was not in season on the day when it was sent.
-- do: Refer the client to another site (`sites` lists those of the county).
-- owner: worker
WITH tax AS (
    SELECT r.case_id, r.record, r.location, l.closed, l.season_from__day AS first,
        l.season_to__day AS last, coalesce(l.name, 'a site') AS name,
        (l.closed__at + :zone_ms) / 86400000 AS said,
        coalesce(r.sent_at__day, (r.status__at + :zone_ms) / 86400000) AS day
    FROM v_referral r JOIN v_location l ON l.record = r.location
    WHERE (r.tax_year IS NOT NULL OR r.site_choice_basis IS NOT NULL)
        AND r.status IN ('ready', 'sent', 'received', 'accepted', 'scheduled',
            'waitlisted'))
SELECT case_id, record,
    CASE WHEN closed = 1 AND said > day THEN said ELSE day END AS since,
    location || CASE WHEN closed = 1 THEN ' closed' ELSE ' season' END AS facts,
    name || CASE WHEN closed = 1 THEN ' is closed'
        ELSE ' was not in season when the client was referred' END AS what
FROM tax WHERE closed = 1 OR first > day OR last < day
