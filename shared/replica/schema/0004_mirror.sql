-- local: what is written a second time, beside the vault and elsewhere.
CREATE TABLE mirror (
    id INTEGER PRIMARY KEY CHECK (id = 1), -- always 1
    path TEXT NOT NULL DEFAULT '',         -- a file from / on; '': no mirror
    destroyed INTEGER NOT NULL DEFAULT 0   -- raised when case keys are
) STRICT;
INSERT INTO mirror (id) VALUES (1);
