-- policy: receipt_overdue
-- title: Payment without a receipt
-- clauses: ME-II-11 ME-607-14
-- definition: Money that was paid on an authorisation that stands, or a voucher that was
--   spent, and of which no receipt has come in two calendar weeks.
-- do: Ask for the receipt; without one it is an overpayment.
-- owner: worker
-- parameter as_of: date = today | As of
-- parameter receipt_days: int = 14 | Days until the receipt
WITH void AS MATERIALIZED (
    SELECT DISTINCT "of" AS record FROM v_expenditure_void
    WHERE "of" IS NOT NULL),
shown AS MATERIALIZED (
    SELECT "authorization" AS record FROM v_receipt
    WHERE coalesce(entered_in_error, 0) = 0 AND "authorization" IS NOT NULL
    UNION SELECT voucher_spend FROM v_receipt
    WHERE coalesce(entered_in_error, 0) = 0 AND voucher_spend IS NOT NULL),
paid AS (
    SELECT case_id, record, amount_cents, coalesce(payee, 'somebody') AS payee,
        paid_on__day AS day
    FROM v_expenditure_authorization WHERE paid_on IS NOT NULL
    UNION ALL SELECT case_id, record, amount_cents,
        coalesce(payee, 'somebody'), on__day FROM v_voucher_spend
    WHERE "on" IS NOT NULL)
SELECT case_id, record, day + :receipt_days AS since, 'none' AS facts,
    CAST(amount_cents / 100 AS TEXT) || '.' || CAST(amount_cents / 10 % 10 AS TEXT)
        || CAST(amount_cents % 10 AS TEXT) || ' paid to ' || payee ||
    ', and no receipt' AS what
FROM paid
WHERE day + :receipt_days < :as_of_day
    AND record NOT IN (SELECT record FROM void)
    AND record NOT IN (SELECT record FROM shown)
