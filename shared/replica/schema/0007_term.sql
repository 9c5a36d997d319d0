-- How far each office term's own log went, as its replies said: after a
-- rollback that tells which writes of the office nobody can bring back.
ALTER TABLE term ADD COLUMN wrote INTEGER NOT NULL DEFAULT 0; -- last n told
ALTER TABLE term ADD COLUMN lineage TEXT NOT NULL DEFAULT ''; -- in this history
ALTER TABLE term ADD COLUMN heard_at INTEGER NOT NULL DEFAULT 0; -- wall ms; 0: never
CREATE INDEX term_heard ON term (heard_at);
