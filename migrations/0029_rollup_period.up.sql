-- Sums period by period, beside those series by series: a ranking of one period is one row, however many series it ranks.
ALTER TABLE rollup ADD COLUMN by_period boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN rollup.by_period IS 'Whether its sums are in rollup_period too.';
CREATE TABLE rollup_period (
    rollup_id integer NOT NULL REFERENCES rollup ON DELETE CASCADE, period integer NOT NULL, unit text NOT NULL,
    series_ids bigint[] NOT NULL, "values" bigint[] NOT NULL, parts integer[] NOT NULL, statuses bytea,
    releases integer[] NOT NULL, mixed integer[],
    PRIMARY KEY (rollup_id, period, unit)
);
COMMENT ON TABLE rollup_period IS 'The same sums as in rollup_chunk, in a row those of one period that are ranked together, in the order of their series.';
COMMENT ON COLUMN rollup_period.unit IS 'The key of the series, which are those that are ranked together, with * for the codes in which they differ.';
