-- Writes that are kept and not in effect until somebody decides.
SELECT held.replica, held.n, held.record, held.reason, held.owner, held.since,
    held.released IS NOT NULL AS released, replica.account AS "user"
FROM held
    LEFT JOIN replica ON replica.agency = held.agency AND replica.replica = held.replica
WHERE held.agency = ':agency'
