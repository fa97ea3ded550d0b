DROP INDEX import_on_its_way;
DELETE FROM import WHERE state <> 'done';
UPDATE import SET imported_at = coalesce(imported_at, finished_at, now());
ALTER TABLE import
    DROP COLUMN state, DROP COLUMN received_at, DROP COLUMN started_at, DROP COLUMN finished_at, DROP COLUMN spool,
    DROP COLUMN attempts, DROP COLUMN bytes_read, DROP COLUMN rows_read, DROP COLUMN is_cancelled, DROP COLUMN same_as,
    DROP COLUMN detail, DROP COLUMN is_kept,
    ALTER COLUMN imported_at SET DEFAULT now(),
    ALTER COLUMN imported_at SET NOT NULL;
COMMENT ON COLUMN import.imported_at IS NULL;
