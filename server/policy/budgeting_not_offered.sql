-- policy: budgeting_not_offered
-- title: Basics of budgeting not offered
-- clauses: ME-II-13
-- definition: A person with an open case, whoever it is, to whom the basics of budgeting
--   were not offered so many days after the case was begun, or not again in a year.  An
--   offer that was declined is one.
-- do: Offer it and write down the answer, in a contact or as an offer.
-- owner: worker
-- parameter as_of: date = today | As of
-- parameter first_days: int = 30 | Days until it is offered [ours]
-- parameter again_days: int = 365 | Days until it is offered again [ours]
WITH offers AS MATERIALIZED (
    SELECT case_id, max(day) AS day FROM (
        SELECT case_id, coalesce(day, (written_at + :zone_ms) / 86400000) AS day
        FROM o_offer WHERE what = 'budgeting') offer
    WHERE day <= :as_of_day GROUP BY case_id),
due AS (
    SELECT k.case_id, k.person AS record, o.day AS last,
        CASE WHEN o.day IS NULL THEN :first_days + coalesce(k.begun_day,
                (k.written_at + :zone_ms) / 86400000)
            ELSE o.day + :again_days END AS due
    FROM o_case k LEFT JOIN offers o ON o.case_id = k.case_id
    WHERE coalesce(k.file_closed_on, '9999') > :as_of
        AND coalesce(k.enrolled_until, '9999') > :as_of)
SELECT case_id, record, due AS since,
    CASE WHEN last IS NULL THEN 'never' ELSE CAST(last AS TEXT) END AS facts,
    CASE WHEN last IS NULL THEN 'The basics of budgeting were never offered'
        ELSE 'The basics of budgeting were offered last ' ||
            CAST(:as_of_day - last AS TEXT) || ' days ago' END AS what
FROM due WHERE due < :as_of_day
