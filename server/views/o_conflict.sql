-- Values that wait for a person to choose.
SELECT conflict.record, record.type, record.case_id, conflict.field, conflict.since
FROM conflict
    JOIN record ON record.agency = conflict.agency AND record.record = conflict.record
WHERE conflict.agency = ':agency'
