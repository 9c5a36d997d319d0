-- report: R-20
-- title: Audit packet of one case
-- clauses: ME-II-12
-- definition: What was written in one case, by day; the texts, signatures and history of
--   each record are in `export case`.  A mark says what is not to be relied on.
-- parameter case: text required | Case
-- column day: date | Day
-- column type: text | Type
-- column what: text | What
-- column by: text | By
-- column mark: text | Mark
-- column record: record | Record
WITH items AS (
    SELECT substr(occurred_at, 1, 10) AS day, kind__at AS at, 'contact' AS type,
        kind || coalesce(': ' || outcome, '') AS what, kind__by AS who,
        CASE WHEN entered_in_error = 1 THEN 'entered in error' ELSE '' END
            AS mark, record
    FROM v_contact WHERE case_id = :case
    UNION ALL SELECT NULL, text__at, 'addendum', reason, text__by,
        'to ' || "of", record
    FROM v_addendum WHERE case_id = :case
    UNION ALL SELECT substr(sent_at, 1, 10), status__at, 'referral',
        coalesce(status, 'draft') || coalesce(': ' || provider, ''),
        status__by, CASE WHEN status__open = 1 THEN 'in conflict' ELSE '' END,
        record
    FROM v_referral WHERE case_id = :case
    UNION ALL SELECT "on", finding__at, 'referral_followup',
        coalesce(status_seen, 'no status seen')
            || coalesce('; helped: ' || effectiveness, ''),
        finding__by,
        CASE WHEN entered_in_error = 1 THEN 'entered in error' ELSE '' END,
        record
    FROM v_referral_followup WHERE case_id = :case
    UNION ALL SELECT signed_on, kind__at, 'consent',
        kind || ': ' || coalesce(status, 'not said'), kind__by,
        CASE WHEN status__open = 1 THEN 'in conflict' ELSE '' END, record
    FROM v_consent WHERE case_id = :case
    UNION ALL SELECT NULL, status__at, 'need',
        coalesce(domain, 'unknown') || ': ' || coalesce(status, 'open'),
        status__by, CASE WHEN status__open = 1 THEN 'in conflict' ELSE '' END,
        record
    FROM v_need WHERE case_id = :case
    UNION ALL SELECT due_on, what__at, 'task',
        coalesce(kind, 'other') || ': ' || coalesce(status, 'open'), what__by,
        CASE WHEN status__open = 1 THEN 'in conflict' ELSE '' END, record
    FROM v_task WHERE case_id = :case)
SELECT coalesce(day, '') AS day, type, what, coalesce(who, '') AS "by", mark,
    record
FROM items
ORDER BY coalesce(day, ''), coalesce(at, 0), record
