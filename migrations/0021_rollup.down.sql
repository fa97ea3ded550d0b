DROP TABLE rollup_chunk, rollup_code, rollup_series, rollup;
ALTER TABLE dataset DROP COLUMN rollups;
