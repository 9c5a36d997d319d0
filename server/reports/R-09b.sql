-- report: R-09b
-- title: Receipts and vouchers unaccounted for
-- clauses: ME-II-11
-- definition: Payments and spent vouchers of which no receipt is here though so many days
--   have passed, vouchers that expired and were neither spent nor settled, and vouchers
--   that were spent more than once.  Two calendar weeks: 10-144 ch. 607 s. 14 (G).
-- parameter as_of: date = today | As of
-- parameter receipt_days: int = 14 | Days until a receipt
-- column finding: text | Finding
-- column count: count | How many
-- column amount: cents | Amount
-- column ids: ids | Records
WITH void AS MATERIALIZED (
    SELECT DISTINCT "of" AS record FROM v_expenditure_void
    WHERE "of" IS NOT NULL),
receipts AS MATERIALIZED (
    SELECT "authorization" AS record FROM v_receipt
    WHERE coalesce(entered_in_error, 0) = 0 AND "authorization" IS NOT NULL
    UNION SELECT voucher_spend FROM v_receipt
    WHERE coalesce(entered_in_error, 0) = 0 AND voucher_spend IS NOT NULL),
spends AS MATERIALIZED (
    SELECT record, voucher, amount_cents, coalesce(on__day,
        (amount_cents__at + :zone_ms) / 86400000) AS day FROM v_voucher_spend),
twice AS MATERIALIZED (
    SELECT voucher FROM spends GROUP BY voucher HAVING count(*) > 1),
findings AS (
    SELECT 1 AS place, a.record, a.amount_cents AS cents
    FROM v_expenditure_authorization a
    WHERE a.paid_on__day + :receipt_days < :as_of_day
        AND a.record NOT IN (SELECT record FROM receipts)
        AND a.record NOT IN (SELECT record FROM void)
    UNION ALL SELECT 2, record, amount_cents FROM spends
    WHERE day + :receipt_days < :as_of_day
        AND record NOT IN (SELECT record FROM receipts)
    UNION ALL SELECT 3, v.record, v.amount_cents FROM v_voucher v
    LEFT JOIN spends s ON s.voucher = v.record
    WHERE s.record IS NULL AND v.expires_on < :as_of
        AND coalesce(v.written_off, 0) = 0
        AND coalesce(v.settled, '[]') = '[]'
    UNION ALL SELECT 4, s.record, s.amount_cents FROM spends s
    JOIN twice t ON t.voucher = s.voucher),
named AS (
    SELECT 1 AS place, 'payment without receipt' AS finding
    UNION ALL SELECT 2, 'voucher spent without receipt'
    UNION ALL SELECT 3, 'voucher expired, not accounted for'
    UNION ALL SELECT 4, 'voucher spent more than once')
SELECT n.finding, count(f.record) AS "count",
    coalesce(sum(f.cents), 0) AS amount, group_concat(DISTINCT f.record) AS ids
FROM named n LEFT JOIN findings f ON f.place = n.place
GROUP BY n.place, n.finding
ORDER BY n.place
