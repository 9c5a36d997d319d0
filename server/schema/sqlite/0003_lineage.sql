-- When the present history began; 0: with the office.  A device that was
-- certified later and is not known shows that this history was taken back.
ALTER TABLE agency ADD COLUMN lineage_at INTEGER NOT NULL DEFAULT 0;

-- Who followed a device is revoked with it.
CREATE INDEX replica_predecessor ON replica (agency, predecessor)
    WHERE predecessor IS NOT NULL;
