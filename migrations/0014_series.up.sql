-- One combination of codes at one frequency, written once. Dimensions that a dataset does not have stand at _T.
CREATE TABLE series (
    series_id bigint PRIMARY KEY,
    dataset text NOT NULL, frequency text NOT NULL CHECK (frequency IN ('A', 'Q', 'M')),
    measure text NOT NULL, source text NOT NULL, geo text NOT NULL, maker text NOT NULL, brand text NOT NULL,
    model text NOT NULL, vehicle_class text NOT NULL, powertrain text NOT NULL, operator text NOT NULL,
    access text NOT NULL, current text NOT NULL,
    group_key text COLLATE "C" NOT NULL,
    first_period integer, last_period integer, observations integer NOT NULL, updated_by integer NOT NULL
);
COMMENT ON COLUMN series.series_id IS 'First 8 bytes, big-endian and signed, of SHA-256 of the series key; no foreign key runs between series.';
COMMENT ON COLUMN series.group_key IS 'The series key without its source: series that share it state the same figure.';
COMMENT ON COLUMN series.first_period IS 'Year, year x 4 + quarter - 1, or year x 12 + month - 1; null where no cell is current.';
COMMENT ON COLUMN series.observations IS 'Current cells, those stated as missing included.';
COMMENT ON COLUMN series.updated_by IS 'The last release that changed a cell.';
CREATE UNIQUE INDEX series_by_group ON series (dataset, group_key, source);
CREATE INDEX series_by_codes ON series (dataset, measure, frequency, geo, maker, model);
