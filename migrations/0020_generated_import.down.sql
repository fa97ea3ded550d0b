-- Not checked against what stands there: a generated import stays one.
ALTER TABLE import DROP CONSTRAINT import_kind_check;
ALTER TABLE import ADD CONSTRAINT import_kind_check CHECK (kind IN ('bundled', 'file')) NOT VALID;
COMMENT ON COLUMN import.kind IS NULL;
