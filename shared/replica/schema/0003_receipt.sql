-- The office's word for own lines, kept so that it can be shown to others.

-- log: the latest receipt of each kind for each identity.
CREATE TABLE receipt (
    identity INTEGER NOT NULL REFERENCES identity (id), -- whose lines
    kind TEXT NOT NULL             -- what it says of them
        CHECK (kind IN ('received', 'backed up')),
    n INTEGER NOT NULL,            -- covers own lines up to this
    link BLOB NOT NULL,            -- link at that n
    lineage TEXT NOT NULL,         -- of the office when it was given
    term TEXT NOT NULL,            -- the office term that signed
    signature BLOB NOT NULL,       -- the term's
    taken_at INTEGER NOT NULL,     -- wall ms of this device
    PRIMARY KEY (identity, kind)
) STRICT, WITHOUT ROWID;

-- Own lines up to this are backed up; lower than the receipt's n after the
-- office was taken back to where it had fewer.
ALTER TABLE identity ADD COLUMN backed INTEGER NOT NULL DEFAULT 0;

ALTER TABLE term ADD COLUMN certificate TEXT; -- canonical; NULL: not kept
ALTER TABLE term ADD COLUMN certificate_sig BLOB; -- the root's over it
