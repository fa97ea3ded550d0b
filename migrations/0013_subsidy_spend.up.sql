-- Money spent or forgone, as documents state it.
CREATE TABLE subsidy_spend (
    position integer NOT NULL, year text NOT NULL, year_from integer NOT NULL, year_to integer NOT NULL,
    jurisdiction text NOT NULL, measure text NOT NULL, unit text NOT NULL, value numeric NOT NULL, note text,
    document_id text NOT NULL,
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (position, release_id)
);
COMMENT ON COLUMN subsidy_spend.year IS 'As printed: a year, or a range of years of which the value is the whole.';
COMMENT ON COLUMN subsidy_spend.value IS 'In unit: CNY, USD, percent or vehicles.';
