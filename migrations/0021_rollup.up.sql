-- Sums that are kept ready for datasets which list every part of each whole, at the grains that a dataset declares.
ALTER TABLE dataset ADD COLUMN rollups text[];
COMMENT ON COLUMN dataset.rollups IS 'The grains whose sums are kept ready, as in geo:province,powertrain; null leaves the choice to the service.';
CREATE TABLE rollup (
    rollup_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dataset text NOT NULL REFERENCES collection, grain text NOT NULL, series integer NOT NULL, built_at timestamptz NOT NULL,
    UNIQUE (dataset, grain)
);
COMMENT ON TABLE rollup IS 'One grain. What a dimension that it does not name has is at the top of its tree.';
CREATE TABLE rollup_series (
    rollup_id integer NOT NULL REFERENCES rollup ON DELETE CASCADE, series_id bigint NOT NULL, is_stored boolean NOT NULL,
    dataset text NOT NULL, frequency text NOT NULL,
    measure text NOT NULL, source text NOT NULL, geo text NOT NULL, maker text NOT NULL, brand text NOT NULL,
    model text NOT NULL, vehicle_class text NOT NULL, powertrain text NOT NULL, operator text NOT NULL,
    access text NOT NULL, current text NOT NULL,
    first_period integer, last_period integer, observations integer NOT NULL,
    PRIMARY KEY (rollup_id, series_id)
);
COMMENT ON COLUMN rollup_series.is_stored IS 'Whether it is a stored series itself, so that its figures are in observation_chunk; else it is a sum.';
CREATE INDEX rollup_series_by_codes ON rollup_series (rollup_id, geo, maker, powertrain, model);
CREATE INDEX rollup_series_by_model ON rollup_series (rollup_id, model);
CREATE TABLE rollup_code (
    dataset text NOT NULL REFERENCES collection, dimension text NOT NULL, code text NOT NULL, PRIMARY KEY (dataset, dimension, code)
);
COMMENT ON TABLE rollup_code IS 'The codes that series of a dataset with rollups have, or have had: few, where series are many.';
CREATE TABLE rollup_chunk (
    series_id bigint NOT NULL, chunk integer NOT NULL, first_period integer NOT NULL,
    "values" bigint[] NOT NULL, parts integer[] NOT NULL, statuses bytea, releases integer[] NOT NULL, mixed integer[],
    PRIMARY KEY (series_id, chunk)
);
COMMENT ON COLUMN rollup_chunk."values" IS 'The sums of the parts that are stated; null where there is no part.';
COMMENT ON COLUMN rollup_chunk.parts IS 'How many parts there are, those stated as missing included; 0 where there is none.';
COMMENT ON COLUMN rollup_chunk.statuses IS 'The status that all parts of a cell have, one letter a cell; null where all are A.';
COMMENT ON COLUMN rollup_chunk.releases IS 'The release that states all parts of a cell; null where there is none or it is in mixed.';
COMMENT ON COLUMN rollup_chunk.mixed IS 'What cells of several releases or statuses are made of: place in the arrays, release, status, parts, again and again.';
