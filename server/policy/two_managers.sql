-- policy: two_managers
-- title: Two case managers named at once
-- clauses: ME-I-A ME-I-B
-- definition: A case for which two named different persons as responsible, neither knowing
--   of the other.  Whoever was responsible before stays so until it is decided.
-- do: Decide who it is (`conflicts resolve`), and tell both and the participant.
-- owner: supervisor
SELECT a.case_id, a.record, (c.since + :zone_ms) / 86400000 AS since,
    CAST(c.since AS TEXT) AS facts,
    'Two were named as responsible at once; ' ||
    coalesce(a."primary", 'nobody') || ' stays so until it is decided' AS what
FROM v_assignment a JOIN o_conflict c ON c.record = a.record
WHERE a.primary__open = 1 AND c.field = 'primary'
