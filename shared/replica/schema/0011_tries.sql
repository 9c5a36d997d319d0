-- Tries at the passphrase, and what a change of it leaves as it was.

-- Tells this vault's files from those of others, for life; at first the salt.
ALTER TABLE meta ADD COLUMN name BLOB;
UPDATE meta SET name = kdf_salt;

-- Marks, of two bytes each: of the last right try, then of each other one that
-- was made since (vault_tries.h).
ALTER TABLE meta ADD COLUMN tried BLOB NOT NULL DEFAULT x'0000'
    CHECK (length(tried) BETWEEN 2 AND 202);

-- So many wrong ones, and the sealed key is destroyed; 0: none are counted.
ALTER TABLE meta ADD COLUMN tries_max INTEGER NOT NULL DEFAULT 0
    CHECK (tries_max BETWEEN 0 AND 100);
