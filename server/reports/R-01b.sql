-- report: R-01b
-- title: Changes of case manager
-- clauses: ME-I-B
-- definition: Cases that were handed over in the period, how often, and how many of these
--   hand-overs have no note or were not told to the participant.
-- parameter from: date = year_begin | From
-- parameter to: date = today | To
-- parameter caseload: text = | Caseload
-- column case_id: record | Case
-- column changes: int | Changes
-- column last_from: text | Last from
-- column last_to: text | Last to
-- column no_note: int | Without note
-- column not_told: int | Not told
WITH changes AS MATERIALIZED (
    SELECT case_id, from_user, to_user, note, notified_on,
        (coalesce(status__at, to_user__at) + :zone_ms) / 86400000 AS day,
        coalesce(status__at, to_user__at) AS at
    FROM v_handover
    WHERE coalesce(status, 'proposed') IN ('accepted', 'done')
        AND (:caseload = '' OR case_id IN
            (SELECT case_id FROM o_caseload WHERE caseload = :caseload))),
counted AS (
    SELECT case_id, count(*) AS changes, max(at) AS at,
        count(CASE WHEN coalesce(note, '') = '' THEN 1 END) AS no_note,
        count(CASE WHEN notified_on IS NULL THEN 1 END) AS not_told
    FROM changes WHERE day BETWEEN :from_day AND :to_day GROUP BY case_id)
SELECT k.case_id, k.changes, min(coalesce(c.from_user, '')) AS last_from,
    min(coalesce(c.to_user, '')) AS last_to, k.no_note, k.not_told
FROM counted k JOIN changes c ON c.case_id = k.case_id AND c.at = k.at
GROUP BY k.case_id, k.changes, k.no_note, k.not_told
ORDER BY 2 DESC, 1
