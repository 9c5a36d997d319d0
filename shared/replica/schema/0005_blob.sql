-- local: attachments that this device holds, whole or as far as they came.  An
-- own one is stored in the transaction of the revision that names it.
CREATE TABLE blob (
    id INTEGER PRIMARY KEY,        -- order of arrival
    name BLOB NOT NULL UNIQUE,     -- keyed hash of the content; it says nothing
                                   -- without the salt, which only the revision
                                   -- has (sync-protocol.md section 20)
    key INTEGER NOT NULL REFERENCES case_key (id), -- what seals it
    bytes INTEGER NOT NULL,        -- of the whole content
    held INTEGER NOT NULL,         -- of it, here
    whole INTEGER NOT NULL,        -- 1: all is here and has that hash
    kept TEXT NOT NULL DEFAULT ''  -- lineage in which the office receipted it
) STRICT;
CREATE INDEX blob_key ON blob (key);
CREATE INDEX blob_waiting ON blob (bytes) WHERE whole = 1 AND kept = '';

-- local: the content, in pieces sealed under the case key, as they are sent.
CREATE TABLE blob_chunk (
    id INTEGER PRIMARY KEY,        -- order of arrival
    blob INTEGER NOT NULL REFERENCES blob (id), -- whose it is
    seq INTEGER NOT NULL,          -- 0, 1, ...; each is full but the last
    body BLOB NOT NULL,            -- nonce, ciphertext, tag
    UNIQUE (blob, seq)
) STRICT;
