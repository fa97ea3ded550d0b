-- What an import of a file was made of, so that the same file is known again, and what came of it.
ALTER TABLE import ADD COLUMN file_name text, ADD COLUMN file_size bigint, ADD COLUMN options jsonb, ADD COLUMN report jsonb;
COMMENT ON COLUMN import.options IS 'How the file was read: with the file it determines what comes of it.';
COMMENT ON COLUMN import.report IS 'Warnings, counts and releases, and what was left out.';
CREATE INDEX import_by_checksum ON import (checksum) WHERE kind = 'file';
