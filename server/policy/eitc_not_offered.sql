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
    SELECT DISTINCT case_id FROM o_offer
    WHERE what = 'eitc' AND day >= :year_day)
SELECT case_id, person AS record, :year_day + :season_days AS since,
    :year AS facts, 'Help with the tax credit was not offered in the season of '
        || substr(:year, 1, 4) AS what
FROM o_case
WHERE :year_day + :season_days < :as_of_day
    AND coalesce(file_closed_on, '9999') > :as_of
    AND coalesce(enrolled_until, '9999') > :as_of
    AND coalesce(begun_day, (written_at + :zone_ms) / 86400000)
        <= :year_day + :season_days
    AND case_id NOT IN (SELECT case_id FROM offers)
