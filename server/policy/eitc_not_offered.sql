-- policy: eitc_not_offered
-- title: Help with the tax credit not offered
-- clauses: MS-C1
-- definition: A person with an open case, begun before the end of the year's filing season,
--   to whom nobody has offered help with the Earned Income Tax Credit in the year, though the
--   season is over.  An offer that was declined is one.
-- do: Offer it, since a return can be filed late, and write down the answer.
-- owner: worker
-- parameter as_of: date = today | As of
-- parameter year: date = year_begin | First day of the year
-- parameter season_days: int = 105 | Days of the year until the season is over [ours]
WITH offers AS MATERIALIZED (
    SELECT case_id FROM v_contact
    WHERE eitc_offered IN ('accepted', 'declined', 'deferred')
        AND coalesce(entered_in_error, 0) = 0
        AND occurred_at__day >= :year_day
    UNION SELECT case_id FROM v_eitc_offer
    WHERE coalesce(entered_in_error, 0) = 0 AND on__day >= :year_day),
enrolled AS MATERIALIZED (
    SELECT case_id, max(CASE WHEN coalesce(closed_on, '9999') > :as_of
            AND coalesce(roma_stage, '') NOT IN ('closed_terminated',
                'closed_transition') THEN 1 ELSE 0 END) AS waits,
        min(coalesce(opened_on__day, asked_on__day)) AS day
    FROM v_enrollment GROUP BY case_id),
people AS (
    SELECT case_id, min(record) AS record,
        min((coalesce(legal_name__at, preferred_name__at, first_name__at)
            + :zone_ms) / 86400000) AS day
    FROM v_person
    WHERE duplicate_of IS NULL AND case_id NOT IN
        (SELECT case_id FROM v_retention WHERE closed_on <= :as_of)
    GROUP BY case_id)
SELECT p.case_id, p.record, :year_day + :season_days AS since, :year AS facts,
    'Help with the tax credit was not offered in the season of ' ||
    substr(:year, 1, 4) AS what
FROM people p LEFT JOIN enrolled e ON e.case_id = p.case_id
WHERE :year_day + :season_days < :as_of_day AND coalesce(e.waits, 1) = 1
    AND coalesce(e.day, p.day) <= :year_day + :season_days
    AND p.case_id NOT IN (SELECT case_id FROM offers)
