-- Disposal: of a case whose time is over the texts go; that there were lines,
-- with their hashes, links, signatures and places, stays.

-- log: what two persons decided, a row a case; the ledger of the agency's keys
-- has the same, which no restore takes back (server/disposal_ledger.h)
CREATE TABLE disposal (
    agency TEXT NOT NULL,
    case_id TEXT NOT NULL,
    decision TEXT NOT NULL,      -- shared by the cases that went together
    at INTEGER NOT NULL,
    proposed_by TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (agency, case_id, decision),
    CHECK (proposed_by <> approved_by)
) STRICT, WITHOUT ROWID;
CREATE INDEX disposal_decision ON disposal (agency, decision);

-- log: the records of those cases
CREATE TABLE disposed_record (
    agency TEXT NOT NULL,
    record TEXT NOT NULL,
    case_id TEXT NOT NULL,
    PRIMARY KEY (agency, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX disposed_record_case ON disposed_record (agency, case_id);

-- log: the writes in them, by which they are known when they come back
CREATE TABLE disposed_write (
    agency TEXT NOT NULL,
    write TEXT NOT NULL,         -- its id: of the original line's hash
    case_id TEXT NOT NULL,
    PRIMARY KEY (agency, write)
) STRICT, WITHOUT ROWID;
CREATE INDEX disposed_write_case ON disposed_write (agency, case_id);

-- log: attachments of them, whose files go
CREATE TABLE disposed_blob (
    agency TEXT NOT NULL,
    blob BLOB NOT NULL,
    PRIMARY KEY (agency, blob)
) STRICT, WITHOUT ROWID;

-- primary: what one person proposes and another has not approved
CREATE TABLE disposal_proposal (
    agency TEXT NOT NULL,
    case_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (agency, case_id)
) STRICT, WITHOUT ROWID;

-- So that the journal's file is begun anew, without what is gone.
ALTER TABLE journal ADD COLUMN disposals INTEGER NOT NULL DEFAULT 0;

-- A line changes in one way only: to nothing, when a decision names its case.
-- All else about it stays, so that its chain verifies.
DROP TRIGGER line_kept;
CREATE TRIGGER line_kept BEFORE UPDATE ON line
WHEN length(NEW.line) > 0
    OR NEW.arrival <> OLD.arrival OR NEW.agency <> OLD.agency
    OR NEW.replica <> OLD.replica OR NEW.n <> OLD.n
    OR NEW.record IS NOT OLD.record OR NEW.hash <> OLD.hash
    OR NEW.link IS NOT OLD.link OR NEW.received_at <> OLD.received_at
    OR NOT EXISTS (SELECT 1 FROM disposed_record d
                   WHERE d.agency = OLD.agency AND d.record = OLD.record)
BEGIN SELECT RAISE(ABORT, 'a line never changes'); END;
-- Nor does one come without its text, unless it was disposed of before.
CREATE TRIGGER line_whole BEFORE INSERT ON line
WHEN length(NEW.line) = 0
    AND NOT EXISTS (SELECT 1 FROM disposed_record d
                    WHERE d.agency = NEW.agency AND d.record = NEW.record)
BEGIN SELECT RAISE(ABORT, 'a line has its text'); END;

CREATE TRIGGER disposed_record_decided BEFORE INSERT ON disposed_record
WHEN NOT EXISTS (SELECT 1 FROM disposal d
                 WHERE d.agency = NEW.agency AND d.case_id = NEW.case_id)
    OR EXISTS (SELECT 1 FROM record r
               WHERE r.agency = NEW.agency AND r.record = NEW.record
               AND r.case_id <> NEW.case_id)
BEGIN SELECT RAISE(ABORT, 'nobody decided on this record'); END;
CREATE TRIGGER disposed_write_decided BEFORE INSERT ON disposed_write
WHEN NOT EXISTS (SELECT 1 FROM disposal d
                 WHERE d.agency = NEW.agency AND d.case_id = NEW.case_id)
BEGIN SELECT RAISE(ABORT, 'nobody decided on this case'); END;

CREATE TRIGGER disposal_kept BEFORE UPDATE ON disposal
BEGIN SELECT RAISE(ABORT, 'a decision never changes'); END;
CREATE TRIGGER disposal_stays BEFORE DELETE ON disposal
BEGIN SELECT RAISE(ABORT, 'a decision is never removed'); END;
CREATE TRIGGER disposed_record_kept BEFORE UPDATE ON disposed_record
BEGIN SELECT RAISE(ABORT, 'a decision never changes'); END;
CREATE TRIGGER disposed_record_stays BEFORE DELETE ON disposed_record
BEGIN SELECT RAISE(ABORT, 'a decision is never removed'); END;
CREATE TRIGGER disposed_write_kept BEFORE UPDATE ON disposed_write
BEGIN SELECT RAISE(ABORT, 'a decision never changes'); END;
CREATE TRIGGER disposed_write_stays BEFORE DELETE ON disposed_write
BEGIN SELECT RAISE(ABORT, 'a decision is never removed'); END;
CREATE TRIGGER disposed_blob_kept BEFORE UPDATE ON disposed_blob
BEGIN SELECT RAISE(ABORT, 'a decision never changes'); END;
CREATE TRIGGER disposed_blob_stays BEFORE DELETE ON disposed_blob
BEGIN SELECT RAISE(ABORT, 'a decision is never removed'); END;
