-- Every dataset and every collection of records has a version, raised in the transaction that changes it,
-- so that one statement can return data and the version that it was read at.
CREATE TABLE collection (
    name       text PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('dataset', 'records')),
    version    bigint NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE collection IS 'What has a version of its own: the datasets and the collections of records.';
COMMENT ON COLUMN collection.version IS 'Raised by one in each transaction that changes the collection; 0 before the first.';
INSERT INTO collection (name, kind) VALUES
    ('codes', 'records'), ('sources', 'records'), ('organizations', 'records'),
    ('partnerships', 'records'), ('subsidies', 'records'), ('events', 'records');
