-- primary: rollbacks of this office; the office is in recovery while one is
-- not closed
CREATE TABLE recovery (
    agency TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    closed_at INTEGER,           -- NULL: open
    closed_by TEXT,              -- account, or 'office': nothing was missing
    PRIMARY KEY (agency, began_at)
) STRICT, WITHOUT ROWID;

-- primary: of whose logs a device has a receipt for more than was here
CREATE TABLE witness (
    agency TEXT NOT NULL,
    replica TEXT NOT NULL,
    n INTEGER NOT NULL,          -- the receipt covers the log up to this
    told_at INTEGER NOT NULL,    -- when the office learnt of it
    PRIMARY KEY (agency, replica)
) STRICT, WITHOUT ROWID;
