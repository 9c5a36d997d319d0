-- The office calls this log backed up so far, be it of the lines that are here
-- or, where the log has parted from the office's, of others.  It is told again
-- only when it is more.
ALTER TABLE identity ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
