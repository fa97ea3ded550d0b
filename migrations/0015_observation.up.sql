-- The current figures: arrays of 5 years of months, 20 of quarters, or all years, so that a month costs one chunk.
CREATE TABLE observation_chunk (
    series_id bigint NOT NULL, chunk integer NOT NULL, first_period integer NOT NULL,
    "values" bigint[] NOT NULL, statuses bytea, releases integer[] NOT NULL,
    PRIMARY KEY (series_id, chunk)
);
COMMENT ON COLUMN observation_chunk.chunk IS 'Months: period / 60, quarters: period / 80, years: 0.';
COMMENT ON COLUMN observation_chunk.first_period IS 'Period of the first element; the others follow without gaps.';
COMMENT ON COLUMN observation_chunk."values" IS 'Scaled by the decimals of the measure; null where nothing or a stated missing value stands.';
COMMENT ON COLUMN observation_chunk.statuses IS 'One SDMX OBS_STATUS letter a cell; null where all are A.';
COMMENT ON COLUMN observation_chunk.releases IS 'The release that states the cell; null where no figure is stated.';
CREATE TABLE observation_history (
    series_id bigint NOT NULL, period integer NOT NULL, release_id integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('stated', 'withdrawn', 'confirmed')), value bigint, status text NOT NULL,
    PRIMARY KEY (series_id, period, release_id)
);
COMMENT ON TABLE observation_history IS 'What a release stated and no longer holds, what an edition withdrew, what a document confirmed.';
COMMENT ON COLUMN observation_history.value IS 'As that document prints it; null where it states a missing value or withdraws one.';
