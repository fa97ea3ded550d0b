-- Made-up figures are told from taken-in ones by their import, so that they can be found and taken away again.
ALTER TABLE import DROP CONSTRAINT import_kind_check;
ALTER TABLE import ADD CONSTRAINT import_kind_check CHECK (kind IN ('bundled', 'file', 'generated'));
COMMENT ON COLUMN import.kind IS 'bundled with the service, a file, or generated: made up for load tests.';
