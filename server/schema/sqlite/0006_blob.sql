-- primary: attachments that lines name.  The content stands in a file of that
-- name in the data directory; which line names it can be read from the log
-- again, what the office has receipted cannot.
CREATE TABLE blob (
    agency TEXT NOT NULL,
    blob BLOB NOT NULL,          -- its name: the content's keyed hash
    arrival INTEGER NOT NULL,    -- of the first line that names it
    record TEXT NOT NULL,        -- of that line: whoever sees it may read
    replica TEXT NOT NULL,       -- whose writer may bring it
    reference TEXT NOT NULL,     -- the value that names it, canonical JSON
    bytes INTEGER NOT NULL,      -- of the content
    received_at INTEGER,         -- whole and receipted; NULL: not here
    PRIMARY KEY (agency, blob)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_missing ON blob (agency, arrival) WHERE received_at IS NULL;
