-- report: R-20
-- title: Audit packet of one case
-- clauses: ME-II-12
-- definition: What was written in one case, by day, its money too; the texts, signatures
--   and history of each record are in `export case`.  Exports of everybody's data since then
--   are there too.  A mark says what is not to be relied on.
-- parameter case: text required | Case
-- column day: date | Day
-- column type: text | Type
-- column what: text | What
-- column by: text | By
-- column mark: text | Mark
-- column record: record | Record
WITH items AS MATERIALIZED (
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
    FROM v_task WHERE case_id = :case
    UNION ALL SELECT coalesce(opened_on, asked_on), program__at, 'enrollment',
        program || coalesce(': ' || roma_stage, ''),
        program__by, CASE WHEN roma_stage__open = 1 THEN 'in conflict' ELSE '' END, record
    FROM v_enrollment WHERE case_id = :case
    UNION ALL SELECT NULL, to_user__at, 'handover',
        coalesce(from_user, '') || ' to ' || coalesce(to_user, ''),
        to_user__by, CASE WHEN status__open = 1 THEN 'in conflict' ELSE '' END, record
    FROM v_handover WHERE case_id = :case
    UNION ALL SELECT done_on, tool__at, 'assessment',
        coalesce(purpose, 'not said') || ': ' || coalesce(status, 'open'),
        tool__by, CASE WHEN status__open = 1 THEN 'in conflict' ELSE '' END, record
    FROM v_assessment WHERE case_id = :case
    UNION ALL SELECT agreed_on, kind__at, 'plan',
        kind || ': ' || coalesce(status, 'draft'),
        kind__by, CASE WHEN status__open = 1 THEN 'in conflict' ELSE '' END, record
    FROM v_plan WHERE case_id = :case
    UNION ALL SELECT target_date, words__at, 'goal',
        coalesce(type, 'other') || ': ' || coalesce(status, 'open'),
        words__by, CASE WHEN status__open = 1 THEN 'in conflict' ELSE '' END, record
    FROM v_goal WHERE case_id = :case
    UNION ALL SELECT "on", text__at, 'progress_entry',
        coalesce(progress, 'not said'),
        text__by, CASE WHEN entered_in_error = 1 THEN 'entered in error' ELSE '' END, record
    FROM v_progress_entry WHERE case_id = :case
    UNION ALL SELECT "on", finding__at, 'monitoring_entry',
        coalesce(how, 'not said'),
        finding__by, CASE WHEN entered_in_error = 1 THEN 'entered in error' ELSE '' END, record
    FROM v_monitoring_entry WHERE case_id = :case
    UNION ALL SELECT "on", text__at, 'evaluation',
        coalesce(kind, 'not said') || coalesce(': ' || decision, ''),
        text__by, CASE WHEN entered_in_error = 1 THEN 'entered in error' ELSE '' END, record
    FROM v_evaluation WHERE case_id = :case
    UNION ALL SELECT effective_from, status__at, 'family_contract',
        coalesce(number, 'no number') || ': ' || coalesce(status, 'draft'),
        status__by, CASE WHEN status__open = 1 THEN 'in conflict' ELSE '' END, record
    FROM v_family_contract WHERE case_id = :case
    UNION ALL SELECT effective_from, status__at, 'contract_amendment',
        coalesce(CAST(number AS TEXT), 'no number') || ': '
            || coalesce(status, 'draft'),
        status__by, CASE WHEN status__open = 1 THEN 'in conflict' ELSE '' END, record
    FROM v_contract_amendment WHERE case_id = :case
    UNION ALL SELECT due, what__at, 'obligation',
        coalesce(party, 'not said') || ': ' || coalesce(status, 'open'),
        what__by, CASE WHEN status__open = 1 THEN 'in conflict' ELSE '' END, record
    FROM v_obligation WHERE case_id = :case
    UNION ALL SELECT substr(occurred_at, 1, 10), role__at, 'signature',
        role || ', ' || coalesce(mark, 'no mark') || '; text '
            || coalesce(text_hash, 'not hashed'),
        role__by, CASE WHEN entered_in_error = 1 THEN 'entered in error' ELSE '' END, record
    FROM v_signature WHERE case_id = :case
    UNION ALL SELECT "on", issue__at, 'advocacy_action',
        coalesce(provider, 'not named') || coalesce(': ' || result, ''),
        issue__by, CASE WHEN entered_in_error = 1 THEN 'entered in error' ELSE '' END, record
    FROM v_advocacy_action WHERE case_id = :case
    UNION ALL SELECT "on", code__at, 'service_delivered',
        code || ' (' || coalesce(codeset_version, '') || ')',
        code__by, CASE WHEN entered_in_error = 1 THEN 'entered in error' ELSE '' END, record
    FROM v_service_delivered WHERE case_id = :case
    UNION ALL SELECT achieved_on, code__at, 'outcome',
        code || ' (' || coalesce(codeset_version, '') || '): '
            || coalesce(verification, 'claimed'),
        code__by, CASE WHEN entered_in_error = 1 THEN 'entered in error' ELSE '' END, record
    FROM v_outcome WHERE case_id = :case
    UNION ALL SELECT substr(at, 1, 10), to_whom__at, 'disclosure_log',
        coalesce(to_whom, 'not named') || ': ' || coalesce(purpose, 'not said'),
        to_whom__by, CASE WHEN entered_in_error = 1 THEN 'entered in error'
            WHEN case_id = record THEN 'everybody''s data' ELSE '' END, record
    FROM v_disclosure_log WHERE case_id = :case OR case_id = record
    UNION ALL SELECT NULL, amount_cents__at, 'expenditure_request',
        category || ': ' || CAST(amount_cents AS TEXT) || ' cents',
        amount_cents__by,
        CASE WHEN withdrawn = 1 THEN 'withdrawn' ELSE '' END, record
    FROM v_expenditure_request WHERE case_id = :case
    UNION ALL SELECT paid_on, amount_cents__at, 'expenditure_authorization',
        category || ': ' || CAST(amount_cents AS TEXT) || ' cents',
        amount_cents__by,
        CASE WHEN paid_on__open = 1 THEN 'in conflict' ELSE '' END, record
    FROM v_expenditure_authorization WHERE case_id = :case
    UNION ALL SELECT NULL, reason__at, 'expenditure_void', reason, reason__by,
        'of ' || "of", record
    FROM v_expenditure_void WHERE case_id = :case
    UNION ALL SELECT "on", amount_cents__at, 'receipt',
        CAST(amount_cents AS TEXT) || ' cents', amount_cents__by,
        CASE WHEN entered_in_error = 1 THEN 'entered in error' ELSE '' END, record
    FROM v_receipt WHERE case_id = :case
    UNION ALL SELECT "on", amount_cents__at, 'voucher_spend',
        coalesce(category, 'not said') || ': '
            || CAST(amount_cents AS TEXT) || ' cents', amount_cents__by, '',
        record
    FROM v_voucher_spend WHERE case_id = :case
    UNION ALL SELECT closed_on, kind__at, 'closure',
        coalesce(kind, 'not said') || coalesce(': ' || reason, ''),
        kind__by, CASE WHEN status__open = 1 THEN 'in conflict' ELSE '' END, record
    FROM v_closure WHERE case_id = :case)
SELECT coalesce(day, '') AS day, type, what, coalesce(who, '') AS "by", mark,
    record
FROM items
WHERE mark <> 'everybody''s data' OR at >= (SELECT min(at) FROM items
    WHERE mark <> 'everybody''s data')
ORDER BY coalesce(day, ''), coalesce(at, 0), record
