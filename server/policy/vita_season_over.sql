-- policy: vita_season_over
-- title: Tax referral open after the season
-- clauses: MS-C4 MS-C5
-- definition: A tax referral that has not ended, though the season of its site is over.  It
--   is not closed by itself.
-- do: Ask the client what came of it and write the outcome; refer again if nothing did.
-- owner: worker
-- parameter as_of: date = today | As of
SELECT r.case_id, r.record, l.season_to__day AS since, l.season_to AS facts,
    'Tax referral that has not ended, though the season of ' ||
    coalesce(l.name, 'its site') || ' ended on ' || l.season_to AS what
FROM v_referral r JOIN v_location l ON l.record = r.location
WHERE (r.tax_year IS NOT NULL OR r.site_choice_basis IS NOT NULL)
    AND l.season_to < :as_of
    AND r.status IN ('ready', 'sent', 'received', 'accepted', 'scheduled',
        'attended', 'in_service', 'waitlisted')
    AND coalesce(r.sent_at__day, (r.status__at + :zone_ms) / 86400000)
        <= l.season_to__day
