-- Custody to the end: how much of each log is in two verified backups or was
-- in the journal's last base, how much the newest backup has, and how much of
-- the former the replica was told.  (What is journalled as it comes is told at
-- once and does not stand here.)
ALTER TABLE replica ADD COLUMN backed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE replica ADD COLUMN backup_head INTEGER NOT NULL DEFAULT 0;
ALTER TABLE replica ADD COLUMN backed_told INTEGER NOT NULL DEFAULT 0;
