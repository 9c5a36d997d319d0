-- policy: disclosure_without_basis
-- title: Told to others without consent or basis
-- clauses: ME-II-12 ME-II-9 45CFR-205.50
-- definition: A disclosure that was noted, or advocacy outside the agency, with neither a
--   consent nor another basis.
-- do: Name the consent or the basis; if there is none, open an incident.
-- owner: supervisor
SELECT case_id, record,
    coalesce(at__day, (to_whom__at + :zone_ms) / 86400000) AS since,
    'disclosure' AS facts,
    'Told to ' || coalesce(to_whom, 'somebody') ||
    ' with neither consent nor another basis' AS what
FROM v_disclosure_log
WHERE consent IS NULL AND basis IS NULL AND coalesce(entered_in_error, 0) = 0
UNION ALL
SELECT case_id, record,
    coalesce(on__day, (action__at + :zone_ms) / 86400000), 'advocacy',
    'Spoke for the client to ' || coalesce(provider, 'somebody') ||
    ' with neither consent nor another basis'
FROM v_advocacy_action
WHERE scope = 'outside' AND consent IS NULL AND basis IS NULL
    AND coalesce(entered_in_error, 0) = 0
