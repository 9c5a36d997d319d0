-- report: R-03b
-- title: Contacts by purpose
-- clauses: ME-S6 ME-II-10 MS-A4a MS-B2)
-- definition: Contacts of the period by what they were for, those entered in error left
--   out.  One with several purposes stands under each; persons are counted once a purpose.
--   An attempt is what R-03 takes for one: of that kind, or nobody was reached.
-- parameter from: date = year_begin | From
-- parameter to: date = today | To
-- parameter caseload: text = | Caseload
-- column purpose: text | Purpose
-- column contacts: count | Contacts
-- column attempts: count | Of which attempts
-- column persons: count | Persons
-- column ids: ids | Contacts
WITH same AS MATERIALIZED (SELECT record, stands_for FROM v_same
    WHERE record <> stands_for),
told AS MATERIALIZED (
    SELECT c.record, coalesce(s.stands_for, c.person) AS person,
        CASE WHEN c.kind = 'attempted' OR c.outcome IN ('no_answer',
                'left_message', 'wrong_number') THEN 1 ELSE 0 END AS attempt
    FROM v_contact c LEFT JOIN same s ON s.record = c.person
    WHERE coalesce(c.entered_in_error, 0) = 0
        AND c.occurred_at__day BETWEEN :from_day AND :to_day
        AND (:caseload = '' OR c.case_id IN
            (SELECT case_id FROM o_caseload WHERE caseload = :caseload))),
purposes AS MATERIALIZED (
    SELECT record, value FROM v_contact__purpose)
SELECT coalesce(p.value, 'not said') AS purpose,
    count(DISTINCT t.record) AS contacts,
    count(DISTINCT CASE WHEN t.attempt = 1 THEN t.record END)
        AS attempts,
    count(DISTINCT t.person) AS persons, group_concat(DISTINCT t.record) AS ids
FROM told t LEFT JOIN purposes p ON p.record = t.record
GROUP BY 1
ORDER BY 1
