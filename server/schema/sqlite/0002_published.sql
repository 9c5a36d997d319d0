-- primary: records that imports wrote, and what those imports have seen of them
CREATE TABLE published_record (
    agency TEXT NOT NULL,
    record TEXT NOT NULL,
    type TEXT NOT NULL,
    publication INTEGER NOT NULL, -- records that came together share it
    seen TEXT NOT NULL,           -- {replica: n}: the imports' own dots
    imported_at INTEGER NOT NULL, -- when an import last wrote it
    PRIMARY KEY (agency, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX published_record_publication
    ON published_record (agency, publication, type, record);

-- primary: the last value that each field was published with
CREATE TABLE published (
    agency TEXT NOT NULL,
    record TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,          -- canonical JSON; a set as a sorted array
    replica TEXT NOT NULL,        -- the dot that wrote it
    n INTEGER NOT NULL,
    PRIMARY KEY (agency, record, field)
) STRICT, WITHOUT ROWID;
