-- report: R-14c
-- title: Annual report: characteristics of individuals
-- clauses: MS-A4e 28-8.1
-- definition: Persons who had a contact, a service or an outcome in the period, by the last
--   answer until its end to each item of the code set.  The answers to an item and those
--   who gave none add up to all persons, unless somebody gave several on one day.
-- parameter from: date = year_begin | From
-- parameter to: date = today | To
-- parameter version: text = 3.0 | Version
-- parameter codeset: text = csbg-characteristics | Code set
-- column item: text | Item
-- column code: text | Code
-- column label: text | Label
-- column count: count | Persons
-- column ids: ids | Persons
WITH same AS MATERIALIZED (SELECT record, stands_for FROM v_same
    WHERE record <> stands_for),
seen AS (
    SELECT person FROM v_contact WHERE coalesce(entered_in_error, 0) = 0
        AND occurred_at__day BETWEEN :from_day AND :to_day
    UNION SELECT person FROM v_service_delivered
    WHERE coalesce(entered_in_error, 0) = 0
        AND on__day BETWEEN :from_day AND :to_day
    UNION SELECT person FROM v_outcome
    WHERE coalesce(entered_in_error, 0) = 0
        AND achieved_on__day BETWEEN :from_day AND :to_day),
people AS MATERIALIZED (
    SELECT DISTINCT coalesce(s.stands_for, e.person) AS person
    FROM seen e LEFT JOIN same s ON s.record = e.person
    WHERE e.person IS NOT NULL),
codes AS MATERIALIZED (
    SELECT r.code, r.label, r.item, r.position FROM v_code_set c
    JOIN v_code_set__codes r ON r.record = c.record
    WHERE c."set" = :codeset AND c.version = :version),
items AS MATERIALIZED (
    SELECT item, max(position) AS position FROM codes GROUP BY item),
given AS MATERIALIZED (
    SELECT coalesce(s.stands_for, h.person) AS person, h.code,
        lower(coalesce(h.value, '')) AS value, h.as_of
    FROM v_characteristic h LEFT JOIN same s ON s.record = h.person
    WHERE h.codeset_version = :version AND h.as_of <= :to
        AND replace(h.codeset, '_', '-') = :codeset),
-- An answer names the code itself, or the item and the label.
told AS MATERIALIZED (
    SELECT g.person, k.item, k.code, g.as_of FROM given g
    JOIN codes k ON k.code = g.code
    WHERE g.value NOT IN ('no', 'unknown', 'refused') OR k.item = g.code
    UNION ALL SELECT g.person, k.item, k.code, g.as_of FROM given g
    JOIN codes k ON k.item = g.code AND lower(k.label) = g.value
    WHERE k.code <> g.code),
answers AS MATERIALIZED (
    SELECT DISTINCT person, item, code FROM told
    WHERE (person, item, as_of) IN (SELECT person, item, max(as_of) FROM told
            GROUP BY person, item)
        AND person IN (SELECT person FROM people)),
figures AS (
    SELECT k.item, k.code, k.label, k.position,
        count(DISTINCT a.person) AS persons,
        group_concat(DISTINCT a.person) AS ids
    FROM codes k LEFT JOIN answers a ON a.code = k.code
    GROUP BY k.item, k.code, k.label, k.position
    UNION ALL SELECT i.item, '', 'Unknown or not reported', i.position,
        count(DISTINCT p.person), group_concat(DISTINCT p.person)
    FROM items i CROSS JOIN people p
    LEFT JOIN answers a ON a.person = p.person AND a.item = i.item
    WHERE a.person IS NULL
    GROUP BY i.item, i.position
    UNION ALL SELECT 'all', '', 'All persons', 100000, count(*),
        group_concat(DISTINCT person) FROM people)
SELECT item, code, label, persons AS "count", ids
FROM figures
ORDER BY position, CASE WHEN code = '' THEN 1 ELSE 0 END, code
