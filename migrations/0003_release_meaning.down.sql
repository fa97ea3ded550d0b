DROP INDEX release_by_document; DROP INDEX release_by_import;
