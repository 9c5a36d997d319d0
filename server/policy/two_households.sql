-- policy: two_households
-- title: Person in two households
-- clauses: 24-6.3
-- definition: A person who is a member of two households at once, or of a second one within
--   so many days after leaving the first.
-- do: Say in one of them until when; income and size of both depend on it.
-- owner: worker
-- parameter apart_days: int = 30 | Days between two households
WITH same AS MATERIALIZED (SELECT record, stands_for FROM v_same),
members AS MATERIALIZED (
    SELECT m.case_id, m.record, m.household,
        coalesce(s.stands_for, m.person) AS person,
        coalesce(m.from__day, 0) AS first, coalesce(m.to__day, 999999) AS last,
        (m.household__at + :zone_ms) / 86400000 AS written
    FROM v_household_member m LEFT JOIN same s ON s.record = m.person
    WHERE m.person IS NOT NULL AND m.household IS NOT NULL)
SELECT b.case_id, b.record, b.written AS since, a.record AS facts,
    'Member of household ' || b.household || ' while, or within ' ||
    CAST(:apart_days AS TEXT) || ' days of, being one of ' || a.household
        AS what
FROM members a JOIN members b ON b.person = a.person
    AND b.household <> a.household
    AND (a.first < b.first OR (a.first = b.first AND a.record < b.record))
WHERE a.last + :apart_days > b.first
