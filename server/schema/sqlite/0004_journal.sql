-- local: the office's journal on another volume (server/office_journal.h), as
-- of the last transaction; no row: none is kept
CREATE TABLE journal (
    agency TEXT NOT NULL PRIMARY KEY,
    path TEXT NOT NULL,
    instance BLOB NOT NULL,      -- random; another after each restore
    groups INTEGER NOT NULL,     -- number of the last transaction
    at_end INTEGER NOT NULL,     -- where the file ended then, and the number
    number INTEGER NOT NULL,     -- of its last record
    behind_since INTEGER         -- NULL: everything is in it
) STRICT, WITHOUT ROWID;
