-- local: text that a person gave and that was refused as a record (too long, a
-- wrong field, a full disk).  Never sent; only the person, or the write that
-- succeeds with it, drops one.
CREATE TABLE draft (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- shown to people, never used again
    at INTEGER NOT NULL,           -- wall ms when it was kept
    about BLOB NOT NULL,           -- what it was for, sealed under the vault key
    text BLOB NOT NULL             -- the text, sealed likewise
) STRICT;
