-- report: R-14b
-- title: Annual report: outcomes
-- clauses: MS-A4e MS-B5 28-8.1
-- definition: By indicator of the code set, persons with a goal of that indicator in the
--   period or an outcome (served), the target of the year, persons who achieved it in the
--   period (actual), of which verified, and percentages.  A rejected outcome is none.  A
--   parent that is the total of its parts is summed; FNPI 7a of version 2.1 is persons with
--   any outcome.  What was coded otherwise stands at the end.
-- parameter from: date = year_begin | From
-- parameter to: date = today | To
-- parameter version: text = 3.0 | Version
-- parameter codeset: text = csbg-fnpi | Code set
-- column code: text | Indicator
-- column label: text | Label
-- column served: count | Served
-- column target: int | Target
-- column actual: count | Actual
-- column verified: count | Verified
-- column of_served: int | % of served
-- column of_target: int | % of target
-- column ids: ids | Outcomes
WITH same AS MATERIALIZED (SELECT record, stands_for FROM v_same
    WHERE record <> stands_for),
achieved AS MATERIALIZED (
    SELECT o.record, coalesce(s.stands_for, o.person) AS person, o.code,
        CASE WHEN o.verification = 'verified' AND o.verification__open = 0
            THEN 1 ELSE 0 END AS verified
    FROM v_outcome o LEFT JOIN same s ON s.record = o.person
    WHERE coalesce(o.entered_in_error, 0) = 0
        AND coalesce(o.verification, 'claimed') <> 'rejected'
        AND o.achieved_on__day BETWEEN :from_day AND :to_day
        AND o.codeset_version = :version
        AND replace(o.codeset, '_', '-') = :codeset),
meant AS MATERIALIZED (
    SELECT coalesce(s.stands_for, g.person) AS person, g.code
    FROM v_goal g LEFT JOIN same s ON s.record = g.person
    WHERE g.codeset_version = :version
        AND replace(g.codeset, '_', '-') = :codeset
        AND coalesce(g.status, 'open') <> 'dropped'
        AND (g.type__at + :zone_ms) / 86400000 <= :to_day
        AND coalesce(g.decided_on, '9999') >= :from
    UNION SELECT person, code FROM achieved),
codes AS MATERIALIZED (
    SELECT r.code, r.label, r.position, r.parent,
        CASE WHEN r.total_of_children = 'yes' THEN 1 ELSE 0 END AS total
    FROM v_code_set c JOIN v_code_set__codes r ON r.record = c.record
    WHERE c."set" = :codeset AND c.version = :version),
-- Which figures each code counts: its own, those of its parts, or all.
counts AS (
    SELECT code, code AS part FROM codes WHERE total = 0
        AND (code <> 'FNPI 7a' OR :version <> '2.1')
    UNION ALL SELECT p.code, c.code FROM codes p JOIN codes c
        ON c.parent = p.code WHERE p.total = 1
    UNION ALL SELECT DISTINCT 'FNPI 7a', code FROM meant
    WHERE :version = '2.1' AND :codeset = 'csbg-fnpi'
    UNION ALL SELECT DISTINCT code, code FROM meant WHERE code NOT IN
        (SELECT code FROM codes WHERE code IS NOT NULL)),
people AS MATERIALIZED (
    SELECT k.code, k.part, count(DISTINCT a.person) AS actual,
        count(DISTINCT CASE WHEN a.verified = 1 THEN a.person END) AS verified
    FROM counts k LEFT JOIN achieved a ON a.code = k.part
    WHERE k.code <> 'FNPI 7a' OR :version <> '2.1'
    GROUP BY k.code, k.part
    UNION ALL SELECT 'FNPI 7a', '', count(DISTINCT person),
        count(DISTINCT CASE WHEN verified = 1 THEN person END)
    FROM achieved HAVING :version = '2.1' AND :codeset = 'csbg-fnpi'),
clients AS MATERIALIZED (
    SELECT k.code, k.part, count(DISTINCT m.person) AS served
    FROM counts k LEFT JOIN meant m ON m.code = k.part
    WHERE k.code <> 'FNPI 7a' OR :version <> '2.1'
    GROUP BY k.code, k.part
    UNION ALL SELECT 'FNPI 7a', '', count(DISTINCT person) FROM meant
    HAVING :version = '2.1' AND :codeset = 'csbg-fnpi'),
actuals AS MATERIALIZED (
    SELECT code, sum(actual) AS actual, sum(verified) AS verified
    FROM people GROUP BY code),
served AS MATERIALIZED (
    SELECT code, sum(served) AS served FROM clients GROUP BY code),
targets AS MATERIALIZED (
    SELECT code, sum(target) AS target FROM v_npi_target
    WHERE codeset_version = :version AND replace(codeset, '_', '-') = :codeset
        AND CAST(year AS TEXT) = substr(:to, 1, 4) GROUP BY code),
records AS MATERIALIZED (
    SELECT k.code, group_concat(DISTINCT a.record) AS ids
    FROM counts k JOIN achieved a ON a.code = k.part GROUP BY k.code)
SELECT a.code, coalesce(c.label, 'not in the code set') AS label,
    coalesce(s.served, 0) AS served, coalesce(t.target, 0) AS target,
    a.actual, a.verified,
    CASE WHEN coalesce(s.served, 0) = 0 THEN NULL
        ELSE a.actual * 100 / s.served END AS of_served,
    CASE WHEN coalesce(t.target, 0) = 0 THEN NULL
        ELSE a.actual * 100 / t.target END AS of_target,
    r.ids
FROM actuals a
LEFT JOIN codes c ON c.code = a.code
LEFT JOIN served s ON s.code = a.code
LEFT JOIN targets t ON t.code = a.code
LEFT JOIN records r ON r.code = a.code
ORDER BY coalesce(c.position, 100000), a.code
