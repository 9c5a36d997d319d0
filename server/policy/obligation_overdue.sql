-- policy: obligation_overdue
-- title: Obligation of a contract that is past
-- clauses: ME-II-6
-- definition: What one party of an amendment is bound to do and has not done by its day; the
--   Department is bound, too.
-- do: Do it, or ask; then write what became of it.
-- owner: worker
-- parameter as_of: date = today | As of
SELECT case_id, record, due__day AS since, due AS facts,
    CASE party WHEN 'department' THEN 'The Department' ELSE 'The participant'
        END || ' is bound to do this by ' || due || ': ' ||
    coalesce(what, 'not said') AS what
FROM v_obligation
WHERE due < :as_of AND coalesce(status, 'open') IN ('open', 'doing')
