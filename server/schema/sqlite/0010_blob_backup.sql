-- In how many verified backups, one after the other, the attachment was, up to
-- two; 0 again when it was not in one.
ALTER TABLE blob ADD COLUMN backups INTEGER NOT NULL DEFAULT 0;
