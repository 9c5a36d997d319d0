-- primary: the last number that the office gave, of each kind.  A lineage is a
-- history of its own (it changes when the store is taken back), so that what a
-- number names, with its lineage, is never given twice.
CREATE TABLE numbering (
    agency TEXT NOT NULL,
    lineage TEXT NOT NULL,
    what TEXT NOT NULL,          -- 'authorization', 'voucher'
    last INTEGER NOT NULL,
    PRIMARY KEY (agency, lineage, what)
) STRICT, WITHOUT ROWID;
