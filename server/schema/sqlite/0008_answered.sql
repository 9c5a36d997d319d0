-- A difference told is no reason to take a case away before the device has
-- answered it: its answer, or what it contributed, may be lost on the way.
ALTER TABLE diff_given ADD COLUMN answered INTEGER NOT NULL DEFAULT 0;
