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
        SELECT case_id, occurred_at__day AS day FROM v_contact
        WHERE budgeting_offered IN ('accepted', 'declined', 'deferred')
            AND coalesce(entered_in_error, 0) = 0
        UNION ALL
        SELECT case_id, coalesce(on__day, (answer__at + :zone_ms) / 86400000)
        FROM v_budgeting_offer WHERE coalesce(entered_in_error, 0) = 0) offer
    WHERE day <= :as_of_day GROUP BY case_id),
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
    GROUP BY case_id),
due AS (
    SELECT p.case_id, p.record, o.day AS last,
        CASE WHEN o.day IS NULL
            THEN coalesce(e.day, p.day) + :first_days
            ELSE o.day + :again_days END AS due
    FROM people p
    LEFT JOIN offers o ON o.case_id = p.case_id
    LEFT JOIN enrolled e ON e.case_id = p.case_id
    WHERE coalesce(e.waits, 1) = 1)
SELECT case_id, record, due AS since,
    CASE WHEN last IS NULL THEN 'never' ELSE CAST(last AS TEXT) END AS facts,
    CASE WHEN last IS NULL THEN 'The basics of budgeting were never offered'
        ELSE 'The basics of budgeting were offered last ' ||
            CAST(:as_of_day - last AS TEXT) || ' days ago' END AS what
FROM due WHERE due < :as_of_day
