-- The office's store.  Each table is marked:
--   log      grows only; triggers refuse every change and removal
--   primary  cannot be computed from the log; backed up, never rebuilt
--   derived  computed from the log; `rebuild` makes it anew
--   local    about this running office only; losing it costs a round trip
-- All keys begin with the agency, so that the same tables can be distributed.
-- Instants are milliseconds since 1970 UTC.

-- primary: the tenant
CREATE TABLE agency (
    agency TEXT NOT NULL PRIMARY KEY, -- slug
    name TEXT NOT NULL,               -- as people write it
    lineage TEXT NOT NULL,            -- random name of the present history
    lineages INTEGER NOT NULL,        -- histories before it: rollbacks found
    made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- log: every act of administration, so that all of it can be done again
CREATE TABLE act (
    act INTEGER PRIMARY KEY,
    agency TEXT NOT NULL,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,     -- account, or 'office'
    what TEXT NOT NULL,   -- 'account', 'invite', 'enrol', 'revoke', ...
    detail TEXT NOT NULL  -- canonical JSON
) STRICT;

-- primary: who works here
CREATE TABLE account (
    agency TEXT NOT NULL,
    account TEXT NOT NULL,       -- user name
    role TEXT NOT NULL,
    os_user TEXT,                -- operating system's user who acts as this
    password TEXT,               -- Argon2id string; NULL: no console
    made_at INTEGER NOT NULL,
    disabled_at INTEGER,         -- NULL: works here
    PRIMARY KEY (agency, account)
) STRICT, WITHOUT ROWID;

-- primary: which scopes an account may read and write
CREATE TABLE account_scope (
    agency TEXT NOT NULL,
    account TEXT NOT NULL,
    place INTEGER NOT NULL,      -- order: a new case joins the first caseload
    scope TEXT NOT NULL,
    PRIMARY KEY (agency, account, place)
) STRICT, WITHOUT ROWID;

-- primary: one-time enrolment codes
CREATE TABLE invite (
    agency TEXT NOT NULL,
    code_hash BLOB NOT NULL,     -- BLAKE2b-256 of the code's 16 characters
    account TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_by TEXT,                -- replica; NULL: not used
    used_at INTEGER,
    PRIMARY KEY (agency, code_hash)
) STRICT, WITHOUT ROWID;

-- primary: who writes; vaults ('w') and office terms ('o')
CREATE TABLE replica (
    agency TEXT NOT NULL,
    replica TEXT NOT NULL,
    kind TEXT NOT NULL,          -- 'w' or 'o'
    key BLOB NOT NULL,           -- Ed25519 public writing key
    transport BLOB,              -- public transport key; NULL for a term
    account TEXT NOT NULL,       -- whom the certificate names; '' for a term
    role TEXT NOT NULL,
    certificate TEXT NOT NULL,   -- canonical text
    certificate_sig BLOB NOT NULL,
    enrolled_at INTEGER NOT NULL,
    predecessor TEXT,            -- the closed identity it follows
    head INTEGER NOT NULL,       -- last n of the unbroken log
    link BLOB NOT NULL,          -- link(head)
    top INTEGER NOT NULL,        -- greatest n known, healed lines included
    closed TEXT,                 -- fork, stale, lineage; NULL: open
    closed_at INTEGER,
    revoked_at INTEGER,          -- NULL: in good standing
    seen_at INTEGER,             -- last request
    token_latest TEXT NOT NULL,    -- token of the latest reply; '' none
    token_confirmed TEXT NOT NULL, -- the last that came back; '' none
    PRIMARY KEY (agency, replica)
) STRICT, WITHOUT ROWID;
CREATE INDEX replica_account ON replica (agency, account);

-- log: every line, as written
CREATE TABLE line (
    arrival INTEGER PRIMARY KEY, -- order in which the office received them
    agency TEXT NOT NULL,
    replica TEXT NOT NULL,
    n INTEGER NOT NULL,
    record TEXT,                 -- NULL: not a revision
    hash BLOB NOT NULL,          -- BLAKE2b-256 of the line
    link BLOB,                   -- link(n); NULL when healed out of order
    received_at INTEGER NOT NULL,
    line BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX line_dot ON line (agency, replica, n);
CREATE INDEX line_record ON line (agency, record, replica, n)
    WHERE record IS NOT NULL;

-- log: signatures of each log over its link at n, one a push
CREATE TABLE sign (
    agency TEXT NOT NULL,
    replica TEXT NOT NULL,
    n INTEGER NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (agency, replica, n)
) STRICT, WITHOUT ROWID;

-- log: the lines of each case in the order of their arrival in it
CREATE TABLE placed (
    agency TEXT NOT NULL,
    case_id TEXT NOT NULL,       -- '' for records without a case
    case_seq INTEGER NOT NULL,   -- 1, 2, 3, ...
    arrival INTEGER NOT NULL,
    PRIMARY KEY (agency, case_id, case_seq)
) STRICT, WITHOUT ROWID;

-- primary: running totals of each case
CREATE TABLE case_row (
    agency TEXT NOT NULL,
    case_id TEXT NOT NULL,
    count INTEGER NOT NULL,      -- lines placed
    sum INTEGER NOT NULL,        -- of their shares, modulo 2^64
    ever_left INTEGER NOT NULL,  -- 1: it has left a scope at some time
    creator TEXT NOT NULL,       -- replica whose line made it known
    PRIMARY KEY (agency, case_id)
) STRICT, WITHOUT ROWID;

-- primary: which scopes may see a case, and since which entry of their feed
CREATE TABLE membership (
    agency TEXT NOT NULL,
    case_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    joined_seq INTEGER NOT NULL, -- the last join
    left_seq INTEGER,            -- the leave after it; NULL: a member
    PRIMARY KEY (agency, case_id, scope)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_scope ON membership (agency, scope, case_id);

-- log: what each scope's replicas must receive, gapless
CREATE TABLE feed (
    agency TEXT NOT NULL,
    scope TEXT NOT NULL,
    seq INTEGER NOT NULL,        -- 1, 2, 3, ...
    kind INTEGER NOT NULL,       -- 1 line, 2 join, 3 leave
    case_id TEXT NOT NULL,
    arrival INTEGER,             -- line: which
    upto INTEGER,                -- join: its first lines; leave: joined_seq
    sum INTEGER NOT NULL,        -- of the scope after this entry
    skip TEXT,                   -- line: the replica that surely has it
    PRIMARY KEY (agency, scope, seq)
) STRICT, WITHOUT ROWID;

-- primary: the end of each feed
CREATE TABLE scope_head (
    agency TEXT NOT NULL,
    scope TEXT NOT NULL,
    seq INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (agency, scope)
) STRICT, WITHOUT ROWID;

-- derived: the fold of each record
CREATE TABLE record (
    agency TEXT NOT NULL,
    record TEXT NOT NULL,
    type TEXT,                   -- NULL until its creating line is in effect
    case_id TEXT,                -- '' none; NULL until a creating line is here
    state TEXT NOT NULL,         -- canonical JSON, shared/model/fold.h
    memo BLOB NOT NULL,          -- of the incremental fold
    open_count INTEGER NOT NULL, -- fields that wait for a person
    PRIMARY KEY (agency, record)
) STRICT;
CREATE INDEX record_type ON record (agency, type, record);
CREATE INDEX record_open ON record (agency, case_id) WHERE open_count > 0;

-- derived: open fields
CREATE TABLE conflict (
    agency TEXT NOT NULL,
    record TEXT NOT NULL,
    field TEXT NOT NULL,
    since INTEGER NOT NULL,      -- when this office first saw it
    PRIMARY KEY (agency, record, field)
) STRICT, WITHOUT ROWID;

-- derived: lines in custody that do not take effect
CREATE TABLE held (
    agency TEXT NOT NULL,
    replica TEXT NOT NULL,
    n INTEGER NOT NULL,
    record TEXT NOT NULL,        -- on which the hold is stated
    reason TEXT NOT NULL,
    owner TEXT NOT NULL,         -- role that settles it
    since INTEGER NOT NULL,
    released TEXT,               -- dot of the release; NULL: held
    PRIMARY KEY (agency, replica, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX held_open ON held (agency, since) WHERE released IS NULL;

-- derived: dots that held lines wait for
CREATE TABLE waiting (
    agency TEXT NOT NULL,
    need_replica TEXT NOT NULL,  -- the dot that is missing
    need_n INTEGER NOT NULL,
    replica TEXT NOT NULL,       -- the line that waits
    n INTEGER NOT NULL,
    PRIMARY KEY (agency, need_replica, need_n, replica, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_line ON waiting (agency, replica, n);

-- derived: site referrals by the case that they speak of
CREATE TABLE site_link (
    agency TEXT NOT NULL,
    case_id TEXT NOT NULL,       -- of the referral
    record TEXT NOT NULL,        -- the site referral, its own case
    PRIMARY KEY (agency, case_id, record)
) STRICT, WITHOUT ROWID;

-- local: the last cursor that each replica reported
CREATE TABLE cursor_seen (
    agency TEXT NOT NULL,
    replica TEXT NOT NULL,
    scope TEXT NOT NULL,
    seq INTEGER NOT NULL,
    own INTEGER NOT NULL,
    lost_own INTEGER,            -- its head when it had let the scope go
    PRIMARY KEY (agency, replica, scope)
) STRICT, WITHOUT ROWID;

-- primary: reports that passed a leave, for who wrote before knowing
CREATE TABLE leave_seen (
    agency TEXT NOT NULL,
    replica TEXT NOT NULL,
    scope TEXT NOT NULL,
    seq INTEGER NOT NULL,        -- the cursor's, first at or after the leave
    own INTEGER NOT NULL,        -- the replica's head when it applied it
    PRIMARY KEY (agency, replica, scope, seq)
) STRICT, WITHOUT ROWID;

-- local: differences told for cases outside the replica's scopes
CREATE TABLE diff_given (
    agency TEXT NOT NULL,
    replica TEXT NOT NULL,
    case_id TEXT NOT NULL,
    device_sum INTEGER NOT NULL,
    office_sum INTEGER NOT NULL,
    PRIMARY KEY (agency, replica, case_id)
) STRICT, WITHOUT ROWID;

-- log: what devices' clocks said
CREATE TABLE clock_sample (
    agency TEXT NOT NULL,
    replica TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    samples TEXT NOT NULL,       -- [[n, boot id, uptime ms, wall ms], ...]
    PRIMARY KEY (agency, replica, received_at)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER line_kept BEFORE UPDATE ON line
BEGIN SELECT RAISE(ABORT, 'a line never changes'); END;
CREATE TRIGGER line_stays BEFORE DELETE ON line
BEGIN SELECT RAISE(ABORT, 'a line is never removed'); END;
CREATE TRIGGER sign_kept BEFORE UPDATE ON sign
BEGIN SELECT RAISE(ABORT, 'a signature never changes'); END;
CREATE TRIGGER sign_stays BEFORE DELETE ON sign
BEGIN SELECT RAISE(ABORT, 'a signature is never removed'); END;
CREATE TRIGGER placed_kept BEFORE UPDATE ON placed
BEGIN SELECT RAISE(ABORT, 'a line stays in its place'); END;
CREATE TRIGGER placed_stays BEFORE DELETE ON placed
BEGIN SELECT RAISE(ABORT, 'a line stays in its place'); END;
CREATE TRIGGER feed_kept BEFORE UPDATE ON feed
BEGIN SELECT RAISE(ABORT, 'a feed only grows'); END;
CREATE TRIGGER feed_stays BEFORE DELETE ON feed
BEGIN SELECT RAISE(ABORT, 'a feed only grows'); END;
CREATE TRIGGER act_kept BEFORE UPDATE ON act
BEGIN SELECT RAISE(ABORT, 'an act never changes'); END;
CREATE TRIGGER act_stays BEFORE DELETE ON act
BEGIN SELECT RAISE(ABORT, 'an act is never removed'); END;
CREATE TRIGGER clock_sample_kept BEFORE UPDATE ON clock_sample
BEGIN SELECT RAISE(ABORT, 'testimony never changes'); END;
CREATE TRIGGER clock_sample_stays BEFORE DELETE ON clock_sample
BEGIN SELECT RAISE(ABORT, 'testimony is never removed'); END;
