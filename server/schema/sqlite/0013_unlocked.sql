-- The last request that the writing key signed, which only an unlocked vault
-- has: the last that was given anything.
ALTER TABLE replica ADD COLUMN unlocked_at INTEGER;
