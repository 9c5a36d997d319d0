-- policy: contact_after_closure
-- title: Contact after closure
-- clauses: MS-A4f MS-B2)
-- definition: A contact that came about, or a crisis, after the day on which the last
--   enrollment of the case, or its file, was closed; none when another enrollment is open,
--   or when it is the follow-up of that day after the transition.
-- do: Decide whether the case is opened again: a new enrollment, or none and why.
-- owner: supervisor
WITH closures AS MATERIALIZED (
    SELECT case_id, enrollment, closed_on__day AS day FROM v_closure
    WHERE coalesce(status, 'closed') = 'closed' AND closed_on IS NOT NULL),
waits AS MATERIALIZED (
    SELECT DISTINCT case_id FROM v_enrollment
    WHERE closed_on IS NULL
        AND coalesce(roma_stage, '') NOT IN ('closed_terminated',
            'closed_transition')
        AND record NOT IN
            (SELECT enrollment FROM closures WHERE enrollment IS NOT NULL)),
ended AS MATERIALIZED (
    SELECT case_id, max(day) AS day FROM (
        SELECT case_id, day FROM closures
        UNION ALL SELECT case_id, closed_on__day FROM v_retention
        WHERE closed_on IS NOT NULL) e
    WHERE case_id NOT IN (SELECT case_id FROM waits)
    GROUP BY case_id),
events AS (
    SELECT case_id, record, occurred_at__day AS day,
        'Contact (' || replace(coalesce(kind, 'not said'), '_', ' ') || ')'
            AS what
    FROM v_contact
    WHERE coalesce(entered_in_error, 0) = 0 AND kind <> 'attempted'
        AND coalesce(outcome, 'completed') = 'completed'
    UNION ALL
    SELECT case_id, record, (text__at + :zone_ms) / 86400000, 'Crisis'
    FROM v_crisis WHERE coalesce(status, 'open') <> 'withdrawn')
SELECT e.case_id, e.record, e.day AS since, CAST(c.day AS TEXT) AS facts,
    e.what || ' ' || CAST(e.day - c.day AS TEXT) ||
    ' days after the case was closed' AS what
FROM events e JOIN ended c ON c.case_id = e.case_id
WHERE e.day > c.day AND (e.case_id, e.day) NOT IN
    (SELECT case_id, on__day FROM v_transition_followup
    WHERE on__day IS NOT NULL AND coalesce(entered_in_error, 0) = 0)
