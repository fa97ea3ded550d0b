-- The code lists of the shared dimensions. Codes form trees through parent.
CREATE TABLE code (
    dimension text NOT NULL, code text NOT NULL, parent text, position integer NOT NULL,
    name_en text NOT NULL, name_zh text, definition text, attributes jsonb NOT NULL DEFAULT '{}',
    valid_from text, valid_to text, replaced_by text,
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (dimension, code, release_id)
);
COMMENT ON COLUMN code.position IS 'Order in the published list.';
COMMENT ON COLUMN code.attributes IS 'What only this dimension has: a model its brand, maker and class, a region its kind and GB/T 2260 code.';
COMMENT ON COLUMN code.replaced_by IS 'The code that took over where this one was renamed.';
CREATE UNIQUE INDEX code_current ON code (dimension, code) WHERE superseded_by IS NULL;
CREATE TABLE measure (
    measure text NOT NULL, dataset text NOT NULL, position integer NOT NULL, unit text NOT NULL,
    decimals smallint NOT NULL DEFAULT 0, kind text NOT NULL CHECK (kind IN ('flow', 'stock')),
    aggregation text NOT NULL CHECK (aggregation IN ('sum', 'last', 'none')),
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (measure, dataset, release_id)
);
COMMENT ON COLUMN measure.decimals IS 'Values are whole numbers in units of 10^-decimals.';
COMMENT ON COLUMN measure.kind IS 'flow adds up over time, stock takes the last.';
CREATE UNIQUE INDEX measure_current ON measure (dataset, measure) WHERE superseded_by IS NULL;
