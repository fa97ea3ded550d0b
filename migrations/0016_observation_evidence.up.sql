-- Which documents state again what already held, and what they say beside a figure.
CREATE TABLE observation_restatement (
    series_id bigint NOT NULL, release_id integer NOT NULL, periods int4multirange NOT NULL,
    PRIMARY KEY (series_id, release_id)
);
COMMENT ON TABLE observation_restatement IS 'Periods of a series where a release repeats value and status of the release before it: one row however many cells, so that a withdrawn release leaves what others still state.';
CREATE TABLE observation_note (
    series_id bigint NOT NULL, period integer NOT NULL, release_id integer NOT NULL, note text NOT NULL,
    PRIMARY KEY (series_id, period, release_id)
);
COMMENT ON COLUMN observation_note.note IS 'What the document or the compilers say of this one figure.';
