-- The vault of one worker on one device.
--
-- Each table is marked log (primary, never changed), derived (can be made anew
-- from the log by vault_rebuild) or local (this device only).  What names a
-- client, case, record or type stands here only sealed or as a keyed token.

-- local: one row about this file.
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1), -- always 1
    kdf_ops INTEGER NOT NULL,      -- Argon2id passes
    kdf_bytes INTEGER NOT NULL,    -- Argon2id memory
    kdf_salt BLOB NOT NULL,        -- Argon2id salt
    sealed_key BLOB NOT NULL,      -- vault key, sealed under the passphrase key
    device_check BLOB NOT NULL,    -- tells another device's secret from ours
    change INTEGER NOT NULL DEFAULT 0,     -- raised by commits without a line
    epoch INTEGER NOT NULL DEFAULT 1,      -- raised when a record type changes
    builtin BLOB,                  -- hash of the built-in types of that epoch
    lease_until INTEGER NOT NULL DEFAULT 0,-- end of the sync lease, wall ms
    lease_owner BLOB,              -- handle that holds it (process, random)
    synced INTEGER NOT NULL DEFAULT 0,     -- wall ms of the last whole sync
    generation INTEGER NOT NULL DEFAULT 0  -- raised when lines change places
) STRICT;

-- local: names of writers, so that rows need not repeat them.  A log of which
-- the office has other lines at places that are taken here (a copied vault, a
-- restored office) has a branch for each: of a log of this vault's own, branch
-- 0 is what was written here.
CREATE TABLE replica (
    id INTEGER PRIMARY KEY,        -- small number used in this file
    name TEXT NOT NULL,            -- replica id as on the wire
    branch INTEGER NOT NULL,       -- 0, 1, ...
    UNIQUE (name, branch)
) STRICT;

-- local: who this vault writes as, now and before.
CREATE TABLE identity (
    id INTEGER PRIMARY KEY,        -- order of enrolment
    state TEXT NOT NULL            -- pending (enrolling), current or closed
        CHECK (state IN ('pending', 'current', 'closed')),
    replica INTEGER REFERENCES replica (id), -- its log; NULL while pending
    public_key BLOB NOT NULL,      -- writing key
    secret BLOB NOT NULL,          -- its seed, sealed under the vault key
    transport_key BLOB NOT NULL,   -- transport key
    transport_secret BLOB NOT NULL,-- its seed, sealed under the device secret
    succeeds INTEGER REFERENCES identity (id), -- the identity it replaces
    reason TEXT,                   -- why: fork, stale, lineage, unknown
    certificate TEXT,              -- the office's certificate, canonical
    certificate_sig BLOB,          -- the root's signature over it
    agency TEXT,                   -- agency slug
    user TEXT,                     -- certified user
    role TEXT,                     -- certified role
    server TEXT,                   -- URL of the office
    ca_file TEXT,                  -- certificate authority to trust, or ''
    root BLOB,                     -- the agency's root key
    box BLOB,                      -- the agency's box key
    dictionary INTEGER NOT NULL DEFAULT 0, -- 1: the office knows dictionary 1
    lineage TEXT NOT NULL DEFAULT '',      -- the office's lineage
    token TEXT NOT NULL DEFAULT '',        -- of the last reply applied
    term TEXT NOT NULL DEFAULT '',         -- latest office term known
    received INTEGER NOT NULL DEFAULT 0,   -- last n that the office has
    received_link BLOB,            -- link at that n
    contribute_from INTEGER NOT NULL DEFAULT 0, -- closed: lines to contribute
    contribute_to INTEGER NOT NULL DEFAULT 0,   -- up to this n; 0: none
    generation INTEGER NOT NULL DEFAULT 0, -- meta.generation at its beginning
    revoked INTEGER NOT NULL DEFAULT 0     -- 1: the office said so, signed
) STRICT;
CREATE UNIQUE INDEX identity_current ON identity (state) WHERE state = 'current';
CREATE UNIQUE INDEX identity_pending ON identity (state) WHERE state = 'pending';

-- local: office terms whose certificates verify against the root.
CREATE TABLE term (
    name TEXT PRIMARY KEY,         -- replica id of the term
    key BLOB NOT NULL              -- its public key
) STRICT, WITHOUT ROWID;

-- local: one key a case.  The vault's wrapping is destroyed when the case
-- leaves; a case that comes back gets a new key.
CREATE TABLE case_key (
    id INTEGER PRIMARY KEY,        -- small number used in this file
    token BLOB NOT NULL,           -- keyed hash of the case id
    vault_wrap BLOB,               -- key and case id, sealed; NULL: destroyed
    office_wrap BLOB               -- key sealed to the office's box key, made
                                   -- with the first own line
) STRICT;
CREATE UNIQUE INDEX case_key_live ON case_key (token)
    WHERE vault_wrap IS NOT NULL;

-- log: the pages in which others' lines came, as the office receipted them.
CREATE TABLE page (
    id INTEGER PRIMARY KEY,        -- order of arrival
    hashes BLOB NOT NULL,          -- hashes of its lines, in order
    mac BLOB NOT NULL,             -- the office's page receipt
    lineage TEXT NOT NULL          -- lineage it was given in
) STRICT;

-- log: every line this vault holds.
CREATE TABLE log (
    id INTEGER PRIMARY KEY,        -- order of arrival
    replica INTEGER NOT NULL REFERENCES replica (id), -- who wrote it
    n INTEGER NOT NULL,            -- its place in that log
    key INTEGER NOT NULL REFERENCES case_key (id),    -- what seals it
    body BLOB NOT NULL,            -- envelope (sync-protocol.md section 14)
    hash BLOB NOT NULL,            -- BLAKE2b-256 of the line, for links, sums
    page INTEGER,                  -- page.id that brought it; NULL: own (no
                                   -- constraint: dropping an empty page would
                                   -- look through the whole log)
    UNIQUE (replica, n, key)
) STRICT;
CREATE TRIGGER log_update BEFORE UPDATE ON log
BEGIN SELECT raise(ABORT, 'the log is never changed'); END;
CREATE TRIGGER log_delete BEFORE DELETE ON log
BEGIN SELECT raise(ABORT, 'the log is never changed'); END;

-- log: chain links with signatures, where the own logs were signed.
CREATE TABLE link (
    replica INTEGER NOT NULL REFERENCES replica (id), -- own or predecessor
    n INTEGER NOT NULL,            -- last line covered
    link BLOB NOT NULL,            -- link(n)
    signature BLOB NOT NULL,       -- of the writing key over it
    at INTEGER NOT NULL,           -- wall ms of its oldest write, for ages
    PRIMARY KEY (replica, n)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER link_update BEFORE UPDATE ON link
BEGIN SELECT raise(ABORT, 'the log is never changed'); END;
CREATE TRIGGER link_delete BEFORE DELETE ON link
BEGIN SELECT raise(ABORT, 'the log is never changed'); END;

-- derived, except own_n, which is local and outlives a leave.
CREATE TABLE record (
    id INTEGER PRIMARY KEY,        -- order of first arrival
    token BLOB NOT NULL UNIQUE,    -- keyed hash of the record id
    key INTEGER REFERENCES case_key (id), -- its case; NULL when that has left
    type BLOB,                     -- keyed hash of the type; NULL: none yet
    state BLOB,                    -- sealed: record id, state, memo; empty:
                                   -- folded from its lines when it is read
    open INTEGER NOT NULL DEFAULT 0,  -- open fields (conflicts)
    epoch INTEGER NOT NULL DEFAULT 0, -- schema epoch of the fold
    own_n INTEGER NOT NULL DEFAULT 0  -- last own n on it: the next `prev`
) STRICT;
CREATE INDEX record_key ON record (key);
CREATE INDEX record_type ON record (type);
CREATE INDEX record_open ON record (id) WHERE open > 0;

-- derived: which lines make up a record.
CREATE TABLE record_line (
    record INTEGER NOT NULL,       -- record.id
    line INTEGER NOT NULL,         -- log.id
    PRIMARY KEY (record, line)
) STRICT, WITHOUT ROWID;

-- derived: shares of the lines held of a case (own ones: with a receipt).
CREATE TABLE case_sum (
    key INTEGER PRIMARY KEY,       -- case_key.id
    sum INTEGER NOT NULL           -- modulo 2^64, as a signed number
) STRICT;

-- local: how far each scope's feed is applied.
CREATE TABLE cursor (
    scope TEXT PRIMARY KEY,        -- scope name
    seq INTEGER NOT NULL DEFAULT 0,   -- entries applied
    off INTEGER NOT NULL DEFAULT 0,   -- lines applied of the join that follows
    own INTEGER NOT NULL DEFAULT 0,   -- own head when it was applied
    exact INTEGER NOT NULL DEFAULT 0  -- 1: caught up, no later receipt
) STRICT, WITHOUT ROWID;

-- local: cases that stand in a scope.
CREATE TABLE membership (
    scope TEXT NOT NULL,           -- scope name
    key INTEGER NOT NULL,          -- case_key.id
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_key ON membership (key);

-- local: own lines that the office holds.
CREATE TABLE held (
    replica INTEGER NOT NULL,      -- own or predecessor
    n INTEGER NOT NULL,            -- the held line
    reason TEXT NOT NULL,          -- why
    PRIMARY KEY (replica, n)
) STRICT, WITHOUT ROWID;

-- local: lines that stand under another dot now: of a closed log, written
-- again in a later one, or another's, whose place the office gave away.
CREATE TABLE carried (
    replica INTEGER NOT NULL,      -- the closed log
    n INTEGER NOT NULL,            -- the original's place
    record INTEGER NOT NULL,       -- record.id
    by_replica INTEGER NOT NULL,   -- our log that carries it; 0: another's
    by_n INTEGER NOT NULL,         -- the carrier's place
    generation INTEGER NOT NULL,   -- forms read in an earlier one mean the old
    returned INTEGER NOT NULL DEFAULT 0, -- 1: the office has the original too
    PRIMARY KEY (replica, n)
) STRICT, WITHOUT ROWID;
