DROP INDEX import_by_checksum;
ALTER TABLE import DROP COLUMN file_name, DROP COLUMN file_size, DROP COLUMN options, DROP COLUMN report;
