-- Offers of budgeting and of EITC that were answered, whatever the answer, where they
-- were written: with a contact, or by themselves.
SELECT case_id, 'budgeting' AS what, occurred_at__day AS day, NULL AS written_at
FROM v_contact
WHERE budgeting_offered IN ('accepted', 'declined', 'deferred') AND coalesce(entered_in_error, 0) = 0
UNION ALL
SELECT case_id, 'budgeting', on__day, answer__at
FROM v_budgeting_offer
WHERE coalesce(entered_in_error, 0) = 0
UNION ALL
SELECT case_id, 'eitc', occurred_at__day, NULL
FROM v_contact
WHERE eitc_offered IN ('accepted', 'declined', 'deferred') AND coalesce(entered_in_error, 0) = 0
UNION ALL
SELECT case_id, 'eitc', on__day, answer__at
FROM v_eitc_offer
WHERE coalesce(entered_in_error, 0) = 0
