-- policy: code_not_in_effect
-- title: Code that its set does not have, or not on that day
-- clauses: MS-A4e MS-B5
-- definition: A service, an outcome or a characteristic with a code that the named version of
--   its code set does not have, of a version that nobody has imported, or of one that was not
--   in effect on its day.  It is kept as it was written; reports of the set that is in effect
--   do not count it.
-- do: See what was meant; write it with the set and version of that day, and mark this one as
--   entered in error.
-- owner: worker
WITH sets AS MATERIALIZED (
    SELECT record, "set" AS name, version, effective_from__day AS first,
        effective_to__day AS last
    FROM v_code_set),
codes AS MATERIALIZED (SELECT record, code FROM v_code_set__codes),
written AS MATERIALIZED (
    SELECT case_id, record, codeset, codeset_version AS version, code,
        on__day AS day, (code__at + :zone_ms) / 86400000 AS since
    FROM v_service_delivered WHERE coalesce(entered_in_error, 0) = 0
    UNION ALL
    SELECT case_id, record, codeset, codeset_version, code, achieved_on__day,
        (code__at + :zone_ms) / 86400000
    FROM v_outcome WHERE coalesce(entered_in_error, 0) = 0
    UNION ALL
    SELECT case_id, record, codeset, codeset_version, code, as_of__day,
        (code__at + :zone_ms) / 86400000
    FROM v_characteristic),
named AS MATERIALIZED (
    SELECT w.case_id, w.record, w.version, w.code, w.day, w.since,
        replace(replace(w.codeset, '_', '-'), 'csbg-srv', 'csbg-services')
            AS name
    FROM written w WHERE EXISTS (SELECT 1 FROM sets)),
judged AS (
    SELECT n.case_id, n.record, n.version, n.code, n.since, n.name,
        CASE WHEN s.record IS NULL THEN ': there is no such code set'
             WHEN c.code IS NULL THEN ': the set has no such code'
             WHEN n.day < s.first OR n.day > s.last
                 THEN ': the set was not in effect on that day' END AS why
    FROM named n
    LEFT JOIN sets s ON s.name = n.name AND s.version = n.version
    LEFT JOIN codes c ON c.record = s.record AND c.code = n.code)
SELECT case_id, record, since,
    name || ' ' || version || ' ' || code || why AS facts,
    code || ' of ' || name || ' ' || version || why AS what
FROM judged WHERE why IS NOT NULL
