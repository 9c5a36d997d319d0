-- Pruning: what a vault may erase of a case that has left (docs/DURABILITY.md).

-- local: cases that have left and are not erased yet.  All that was here of one
-- is known to be backed up once a line that was written here afterwards is: the
-- office had all of it before that line.
CREATE TABLE departed (
    key INTEGER PRIMARY KEY,       -- case_key.id, its wrapping destroyed
    replica INTEGER NOT NULL,      -- own log of that line; 0: not known yet
    n INTEGER NOT NULL             -- its place there
) STRICT;
CREATE INDEX departed_due ON departed (replica, n);

-- local: the lines of those cases.
CREATE TABLE departed_line (
    key INTEGER NOT NULL,          -- departed.key
    line INTEGER NOT NULL,         -- log.id
    PRIMARY KEY (key, line)
) STRICT, WITHOUT ROWID;

-- log: own lines that were erased, by what chain and forks need of them.
CREATE TABLE pruned (
    replica INTEGER NOT NULL REFERENCES replica (id), -- own or predecessor
    n INTEGER NOT NULL,            -- its place in that log
    hash BLOB NOT NULL,            -- as log.hash
    PRIMARY KEY (replica, n)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER pruned_update BEFORE UPDATE ON pruned
BEGIN SELECT raise(ABORT, 'the log is never changed'); END;
CREATE TRIGGER pruned_delete BEFORE DELETE ON pruned
BEGIN SELECT raise(ABORT, 'the log is never changed'); END;

-- Storage itself lets nothing go but what is backed up and cannot be read here
-- any more; of own lines, not before their hash is kept, and only in the
-- history in which the office has said so.
DROP TRIGGER log_delete;
CREATE TRIGGER log_delete BEFORE DELETE ON log
WHEN NOT EXISTS (
    SELECT 1 FROM departed_line o JOIN departed d ON d.key = o.key
    JOIN case_key k ON k.id = d.key
    JOIN identity c ON c.replica = d.replica AND c.state = 'current'
    WHERE o.key = OLD.key AND o.line = OLD.id AND k.vault_wrap IS NULL
    AND d.n <= min(c.received, c.backed))
OR EXISTS (
    SELECT 1 FROM identity i JOIN identity c ON c.state = 'current'
    WHERE i.replica = OLD.replica AND (i.lineage <> c.lineage
    OR OLD.n > min(i.received, i.backed)
    OR NOT EXISTS (SELECT 1 FROM pruned p WHERE p.replica = OLD.replica
        AND p.n = OLD.n AND p.hash = OLD.hash)))
BEGIN SELECT raise(ABORT, 'the log is never changed'); END;

-- What left before this was known.
INSERT INTO departed_line SELECT l.key, l.id FROM log l
    JOIN case_key k ON k.id = l.key WHERE k.vault_wrap IS NULL;
INSERT INTO departed SELECT DISTINCT key, 0, 0 FROM departed_line;
