-- What the columns of a release mean, and the two ways it is looked up.
COMMENT ON TABLE release IS 'The figures or records of one document for one collection, taken in at once. The id is the release sequence.';
COMMENT ON COLUMN release.document_id IS 'Null for the code lists and for the list of sources, which no document states.';
COMMENT ON COLUMN release.published IS 'Last day that the printed date may mean, never later than the day of loading; null where the document is undated.';
COMMENT ON COLUMN release.edition_scope IS 'For an edition: source/measure/frequency of all that it speaks for; cells there that it no longer lists are withdrawn by it.';
COMMENT ON COLUMN release.row_count IS 'Rows of the document, restatements and confirmations included.';
COMMENT ON COLUMN release.restated_count IS 'Rows that state the figure which already held.';
COMMENT ON COLUMN release.confirmed_count IS 'Rows that only date the knowledge of a figure.';
COMMENT ON COLUMN release.superseded_by IS 'The release that corrected this one; its rows no longer count. In record tables the release that replaced the row, or its own where that was withdrawn.';
CREATE INDEX release_by_document ON release (collection, document_id);
CREATE INDEX release_by_import ON release (import_id);
