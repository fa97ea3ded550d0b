DROP TABLE rollup_period;
ALTER TABLE rollup DROP COLUMN by_period;
