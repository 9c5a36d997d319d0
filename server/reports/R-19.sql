-- report: R-19
-- title: Devices and their syncing
-- clauses: ME-II-12
-- definition: Devices that may sync or once did: when the office heard from each, how many
--   lines of it are here, how many it is known to lack, how many are held, and how far its
--   clock was ahead when it last told.  What a device has and never told of, nobody knows.
-- parameter as_of: date = today | As of
-- column user: text | User
-- column device: text | Device
-- column state: text | State
-- column days: int | Days silent
-- column lines: int | Lines here
-- column missing: int | Missing
-- column held: int | Held
-- column ahead_s: int | Clock ahead, s
WITH clocks AS MATERIALIZED (
    SELECT replica, max(received_at) AS received_at FROM o_clock
    GROUP BY replica),
ahead AS MATERIALIZED (
    SELECT c.replica, c.ahead_ms FROM o_clock c JOIN clocks k
    ON k.replica = c.replica AND k.received_at = c.received_at),
holds AS MATERIALIZED (
    SELECT replica, count(*) AS held FROM o_hold WHERE released = 0
    GROUP BY replica)
SELECT d."user", d.replica AS device,
    CASE WHEN d.revoked_at IS NOT NULL THEN 'revoked'
         WHEN d.closed IS NOT NULL THEN 'replaced: ' || d.closed
         WHEN d.seen_at IS NULL THEN 'never synced'
         ELSE 'may sync' END AS state,
    :as_of_day - (d.seen_at + :zone_ms) / 86400000 AS days, d.lines, d.missing,
    coalesce(h.held, 0) AS held, a.ahead_ms / 1000 AS ahead_s
FROM o_device d
LEFT JOIN holds h ON h.replica = d.replica
LEFT JOIN ahead a ON a.replica = d.replica
ORDER BY 1, 2
