-- What the office's sum of a case is above ours where a difference stands
-- (standing.h), modulo 2^64; told with our sum.
ALTER TABLE case_sum ADD COLUMN excess INTEGER NOT NULL DEFAULT 0;
