-- report: R-09
-- title: Authorised expenditures
-- clauses: ME-II-11 ME-S7
-- definition: Requests of the period by fund and category: what was asked and what of that
--   was authorised, in Federal and State money, paid, shown by receipts, voided, found to be
--   overpaid; requests that were withdrawn are left out, and amounts of what was voided.
--   A request waits while nothing is authorised for it, also after a void.
-- parameter from: date = year_begin | Asked from
-- parameter to: date = today | Asked until
-- parameter caseload: text = | Caseload
-- column fund: text | Fund
-- column category: text | Category
-- column requests: count | Requests
-- column asked: cents | Asked
-- column authorised: count | Authorised
-- column amount: cents | Amount
-- column federal: cents | Federal
-- column state: cents | State
-- column paid: count | Paid
-- column receipts: cents | Receipts
-- column voided: count | Voided
-- column overpaid: cents | Overpaid
-- column waiting: count | Waiting
-- column ids: ids | Requests
WITH void AS MATERIALIZED (
    SELECT DISTINCT "of" AS record FROM v_expenditure_void
    WHERE "of" IS NOT NULL),
granted AS MATERIALIZED (
    SELECT a.request, a.record, a.fund_source,
        CASE WHEN x.record IS NULL THEN 1 ELSE 0 END AS live, a.amount_cents,
        a.federal_cents, a.state_cents, a.paid_on
    FROM v_expenditure_authorization a LEFT JOIN void x ON x.record = a.record),
shown AS MATERIALIZED (
    SELECT "authorization" AS record, sum(amount_cents) AS cents
    FROM v_receipt WHERE coalesce(entered_in_error, 0) = 0
    GROUP BY "authorization"),
over AS MATERIALIZED (
    SELECT "authorization" AS record, sum(amount_cents) AS cents
    FROM v_overpayment GROUP BY "authorization"),
answers AS MATERIALIZED (
    SELECT g.request, max(g.fund_source) AS fund, sum(g.live) AS authorised,
        sum(g.live * g.amount_cents) AS amount,
        sum(g.live * coalesce(g.federal_cents, 0)) AS federal,
        sum(g.live * coalesce(g.state_cents, 0)) AS state,
        sum(CASE WHEN g.paid_on IS NULL THEN 0 ELSE g.live END) AS paid,
        sum(1 - g.live) AS voided, sum(coalesce(s.cents, 0)) AS receipts,
        sum(coalesce(o.cents, 0)) AS overpaid
    FROM granted g LEFT JOIN shown s ON s.record = g.record
    LEFT JOIN over o ON o.record = g.record
    GROUP BY g.request)
SELECT coalesce(a.fund, r.fund_source, 'not said') AS fund,
    coalesce(r.category, 'other') AS category, count(*) AS requests,
    coalesce(sum(r.amount_cents), 0) AS asked,
    coalesce(sum(a.authorised), 0) AS authorised,
    coalesce(sum(a.amount), 0) AS amount,
    coalesce(sum(a.federal), 0) AS federal,
    coalesce(sum(a.state), 0) AS state, coalesce(sum(a.paid), 0) AS paid,
    coalesce(sum(a.receipts), 0) AS receipts,
    coalesce(sum(a.voided), 0) AS voided,
    coalesce(sum(a.overpaid), 0) AS overpaid,
    count(CASE WHEN coalesce(a.authorised, 0) = 0 THEN 1 END) AS waiting,
    group_concat(DISTINCT r.record) AS ids
FROM v_expenditure_request r LEFT JOIN answers a ON a.request = r.record
WHERE coalesce(r.withdrawn, 0) = 0
    AND (r.amount_cents__at + :zone_ms) / 86400000
        BETWEEN :from_day AND :to_day
    AND (:caseload = '' OR r.case_id IN
        (SELECT case_id FROM o_caseload WHERE caseload = :caseload))
GROUP BY 1, 2
ORDER BY 1, 2
