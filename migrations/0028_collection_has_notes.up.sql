-- Most licensed data says nothing of single figures. Looking for notes of each chunk took a third of the time of reading many.
ALTER TABLE collection ADD COLUMN has_notes boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN collection.has_notes IS 'Whether a document of the dataset has ever said anything of a single figure; it stays true.';
UPDATE collection SET has_notes = true WHERE name IN (SELECT r.collection FROM observation_note JOIN release r USING (release_id));
CREATE FUNCTION tell_of_notes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE collection SET has_notes = true
        WHERE NOT has_notes AND name IN (SELECT r.collection FROM fresh JOIN release r USING (release_id));
    RETURN NULL;
END $$;
CREATE TRIGGER told AFTER INSERT ON observation_note REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_notes();
