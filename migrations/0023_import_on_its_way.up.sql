-- What is sent to the service waits on disk and is taken in from there: its import is known from the first moment on, is resumed
-- after a restart, and stays listed however it ends.
ALTER TABLE import
    ADD COLUMN state text NOT NULL DEFAULT 'done'
        CHECK (state IN ('waiting', 'running', 'done', 'checked', 'refused', 'known', 'failed', 'cancelled')),
    ADD COLUMN received_at timestamptz,
    ADD COLUMN started_at timestamptz,
    ADD COLUMN finished_at timestamptz,
    ADD COLUMN spool text,
    ADD COLUMN attempts integer NOT NULL DEFAULT 0,
    ADD COLUMN bytes_read bigint,
    ADD COLUMN rows_read bigint,
    ADD COLUMN is_cancelled boolean NOT NULL DEFAULT false,
    ADD COLUMN same_as integer REFERENCES import,
    ADD COLUMN detail text,
    ADD COLUMN is_kept boolean NOT NULL DEFAULT false,
    ALTER COLUMN imported_at DROP NOT NULL,
    ALTER COLUMN imported_at DROP DEFAULT;
COMMENT ON COLUMN import.imported_at IS 'When it was taken in, as its releases have it; null where it was not.';
COMMENT ON COLUMN import.state IS 'Only done has releases; waiting and running are on their way, the others ended without.';
COMMENT ON COLUMN import.received_at IS 'When the service had the whole file; null where it was taken in from the command line.';
COMMENT ON COLUMN import.spool IS 'The folder that has its file while it is on its way, by the id in it.';
COMMENT ON COLUMN import.attempts IS 'How often it was begun: one that ends the service each time is not begun for ever.';
COMMENT ON COLUMN import.bytes_read IS 'Bytes of the file as received that were read so far; null before.';
COMMENT ON COLUMN import.is_cancelled IS 'Somebody asked to end it before it was done.';
COMMENT ON COLUMN import.same_as IS 'For known: the import by which the same file had been taken in the same way.';
COMMENT ON COLUMN import.detail IS 'For failed: why.';
COMMENT ON COLUMN import.is_kept IS 'Whether the file as received is kept under its checksum.';
CREATE INDEX import_on_its_way ON import (spool, import_id) WHERE state IN ('waiting', 'running');
