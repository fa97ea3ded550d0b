-- Subsidies, taxes, quotas and mandates, with what the documents say of their amounts in words.
CREATE TABLE subsidy_instrument (
    instrument_id text NOT NULL, name text NOT NULL, kind text NOT NULL, jurisdiction text NOT NULL, level text NOT NULL,
    authorities text[] NOT NULL, announced text, effective_from text, effective_to text, in_force daterange NOT NULL,
    summary text, document_id text NOT NULL,
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (instrument_id, release_id)
);
COMMENT ON COLUMN subsidy_instrument.effective_to IS 'As printed; the last day, month or year in force; null is open.';
CREATE UNIQUE INDEX subsidy_instrument_current ON subsidy_instrument (instrument_id) WHERE superseded_by IS NULL;
CREATE TABLE subsidy_rate (
    instrument_id text NOT NULL, position integer NOT NULL, effective_from text, effective_to text, in_force daterange NOT NULL,
    vehicle_class text, powertrains text[] NOT NULL, criterion text, min_value numeric, max_value numeric, unit text,
    amount numeric, cap numeric, condition text, document_id text NOT NULL,
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (instrument_id, position, release_id)
);
COMMENT ON COLUMN subsidy_rate.unit IS 'CNY, percent, plates, or multiplier of the amounts that condition names.';
COMMENT ON COLUMN subsidy_rate.min_value IS 'In the unit that the criterion names; inclusive; null is unbounded.';
COMMENT ON COLUMN subsidy_rate.max_value IS 'In the unit that the criterion names; null is unbounded.';
CREATE INDEX subsidy_rate_current ON subsidy_rate (instrument_id, position) WHERE superseded_by IS NULL;
