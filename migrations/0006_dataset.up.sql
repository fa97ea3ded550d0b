-- A dataset, which parts make a whole in it, and which source answers by default.
CREATE TABLE dataset (
    dataset text NOT NULL REFERENCES collection, position integer NOT NULL, title_en text NOT NULL, title_zh text NOT NULL,
    description text NOT NULL, dimensions text[] NOT NULL, frequencies text[] NOT NULL, default_frequency text NOT NULL,
    complete boolean NOT NULL, licence text NOT NULL, citation text NOT NULL,
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (dataset, release_id)
);
COMMENT ON COLUMN dataset.dimensions IS 'In the order of the series key; measure, source and geo lead.';
COMMENT ON COLUMN dataset.complete IS 'Whether its rows list every part of each whole, so that coarser grains may be summed.';
CREATE UNIQUE INDEX dataset_current ON dataset (dataset) WHERE superseded_by IS NULL;
CREATE TABLE partition (
    dataset text NOT NULL, source text NOT NULL, dimension text NOT NULL, whole text NOT NULL, parts text[] NOT NULL,
    absent_is_zero boolean NOT NULL, valid_from text, valid_to text, note text, position integer NOT NULL,
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (position, release_id)
);
COMMENT ON TABLE partition IS 'Declared parts that make a whole, complete and disjoint. Source * means any.';
CREATE TABLE precedence (
    dataset text NOT NULL, measure text NOT NULL, frequencies text[] NOT NULL, level text NOT NULL, rank integer NOT NULL,
    scope text NOT NULL, sources text[] NOT NULL, valid_to text, low_trust boolean NOT NULL, note text, position integer NOT NULL,
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (position, release_id)
);
COMMENT ON TABLE precedence IS 'Which source answers by default. Measure and level * and no frequencies mean any; sources of one scope count alike.';
