-- Attachments that may go, once the office has them in two backups.
ALTER TABLE blob ADD COLUMN going INTEGER NOT NULL DEFAULT 0; -- 1: may go
ALTER TABLE blob ADD COLUMN asked_at INTEGER NOT NULL DEFAULT 0; -- wall ms
ALTER TABLE blob ADD COLUMN given INTEGER NOT NULL DEFAULT 0; -- 1: the office
-- gave it, so that this device will not be asked for it once its case has left
CREATE INDEX blob_going ON blob (asked_at) WHERE going = 1;
UPDATE blob SET going = 1 WHERE whole = 1 AND (SELECT k.vault_wrap IS NULL
    FROM case_key k WHERE k.id = blob.key);
