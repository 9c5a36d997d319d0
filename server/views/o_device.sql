-- Devices, by the identities under which they write.
SELECT replica, account AS "user", enrolled_at, seen_at, head AS lines, top - head AS missing,
    closed, revoked_at
FROM replica
WHERE agency = ':agency' AND kind = 'w'
