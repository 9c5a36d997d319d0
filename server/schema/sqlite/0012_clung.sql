-- How many requests named a scope that is not the replica's own any more, each
-- after it had heard the reply before, which told it so.
ALTER TABLE cursor_seen ADD COLUMN clung INTEGER NOT NULL DEFAULT 0;
