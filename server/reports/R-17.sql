-- report: R-17
-- title: Keying into the system of record
-- clauses: MS-B1)c MS-B2)
-- definition: Contacts, addenda, referrals, attempts, follow-ups, services, outcomes and
--   monitoring written in the period, and
--   whether they have been keyed into the state's system of record; those that wait for
--   more than so many working days are overdue.  By who wrote them.
-- parameter from: date = year_begin | Written from
-- parameter to: date = today | Written until
-- parameter as_of: date = today | As of
-- parameter system: text = Virtual ROMA | System
-- parameter key_days: int = 2 | Working days in which it is keyed
-- column worker: text | Worker
-- column captured: count | Written
-- column keyed: count | Keyed
-- column pending: count | Waiting
-- column overdue: count | Of which overdue
-- column ids: ids | Waiting
WITH keyed AS MATERIALIZED (
    SELECT record FROM v_contact__external_entry
    WHERE lower(value) LIKE lower(:system) || '%'
    UNION SELECT record FROM v_addendum__external_entry
    WHERE lower(value) LIKE lower(:system) || '%'
    UNION SELECT record FROM v_referral__external_entry
    WHERE lower(value) LIKE lower(:system) || '%'
    UNION SELECT record FROM v_referral_followup__external_entry
    WHERE lower(value) LIKE lower(:system) || '%'
    UNION SELECT record FROM v_referral_attempt__external_entry
    WHERE lower(value) LIKE lower(:system) || '%'
    UNION SELECT record FROM v_service_delivered__external_entry
    WHERE lower(value) LIKE lower(:system) || '%'
    UNION SELECT record FROM v_outcome__external_entry
    WHERE lower(value) LIKE lower(:system) || '%'
    UNION SELECT record FROM v_monitoring_entry__external_entry
    WHERE lower(value) LIKE lower(:system) || '%'
    UNION SELECT "of" FROM v_external_entry
    WHERE lower(coalesce(system, :system)) LIKE lower(:system) || '%'
        AND status IN ('keyed', 'confirmed', 'not_needed')),
written AS (
    SELECT record, kind__by AS worker, (kind__at + :zone_ms) / 86400000 AS day
    FROM v_contact WHERE coalesce(entered_in_error, 0) = 0
    UNION ALL SELECT record, text__by, (text__at + :zone_ms) / 86400000 FROM v_addendum
    UNION ALL SELECT record, status__by, coalesce(sent_at__day,
        (status__at + :zone_ms) / 86400000) FROM v_referral
    WHERE coalesce(status, 'draft') NOT IN ('draft', 'ready',
        'entered_in_error')
    UNION ALL SELECT record, finding__by, (finding__at + :zone_ms) / 86400000
    FROM v_referral_followup WHERE coalesce(entered_in_error, 0) = 0
    UNION ALL SELECT record, result__by, (result__at + :zone_ms) / 86400000
    FROM v_referral_attempt WHERE coalesce(entered_in_error, 0) = 0
    UNION ALL SELECT record, code__by, (code__at + :zone_ms) / 86400000
    FROM v_service_delivered WHERE coalesce(entered_in_error, 0) = 0
    UNION ALL SELECT record, code__by, (code__at + :zone_ms) / 86400000
    FROM v_outcome WHERE coalesce(entered_in_error, 0) = 0
    UNION ALL SELECT record, finding__by, (finding__at + :zone_ms) / 86400000
    FROM v_monitoring_entry WHERE coalesce(entered_in_error, 0) = 0),
items AS (
    SELECT w.record, w.worker, CASE WHEN k.record IS NULL THEN 1 ELSE 0 END
        AS waits, w.day
            - CASE WHEN (w.day + 3) % 7 > 4 THEN (w.day + 3) % 7 - 4 ELSE 0 END
            + :key_days + 2 * ((CASE WHEN (w.day + 3) % 7 > 4 THEN 4
                ELSE (w.day + 3) % 7 END + :key_days) / 5) AS due
    FROM written w LEFT JOIN keyed k ON k.record = w.record
    WHERE w.day BETWEEN :from_day AND :to_day)
SELECT coalesce(worker, 'unknown') AS worker, count(*) AS captured,
    count(CASE WHEN waits = 0 THEN 1 END) AS keyed,
    count(CASE WHEN waits = 1 THEN 1 END) AS pending,
    count(CASE WHEN waits = 1 AND due < :as_of_day THEN 1 END) AS overdue,
    group_concat(DISTINCT CASE WHEN waits = 1 THEN record END) AS ids
FROM items
GROUP BY 1
ORDER BY 1
