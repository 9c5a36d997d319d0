-- policy: possible_duplicates
-- title: Persons that may be one
-- clauses: MS-B2)
-- definition: Two records of persons with so much in common of names, date of birth,
--   telephone and household that they may be of one; the statement gives the persons, the
--   program compares them.  The weights are [ours], and nothing is merged by itself.
-- do: Look at both (`duplicates`); `merge` them, or resolve this with what tells them apart.
-- owner: supervisor
-- program: persons
SELECT case_id, record,
    (coalesce(legal_name__at, preferred_name__at, first_name__at)
        + :zone_ms) / 86400000 AS since, '' AS facts, '' AS what
FROM v_person WHERE duplicate_of IS NULL
