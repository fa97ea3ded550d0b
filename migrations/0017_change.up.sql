-- What happened to releases, in the order in which it became visible. A feed cannot be read from the releases themselves: being
-- superseded or withdrawn later moves no id, and times may tie, stand still or go back.
-- Whoever writes here holds the lock of imports until its commit, so numbers are given in the order of commits: who sees
-- one sees all below it that will ever be there. The number is the lock's in src/ingest.
CREATE TABLE change (
    change_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    release_id integer NOT NULL REFERENCES release,
    kind       text NOT NULL CHECK (kind IN ('released', 'superseded', 'withdrawn')),
    at         timestamptz NOT NULL
);
COMMENT ON COLUMN change.change_id IS 'The position in the feed. An import that failed leaves a gap.';
COMMENT ON COLUMN change.at IS 'By the clock of the import; it says nothing of the order.';
INSERT INTO change (release_id, kind, at)
    SELECT release_id, kind, at FROM (
        SELECT release_id, 'released', released_at FROM release
        UNION ALL SELECT old.release_id, 'superseded', new.released_at
            FROM release old JOIN release new ON new.release_id = old.superseded_by
        UNION ALL SELECT release_id, 'withdrawn', withdrawn_at FROM release WHERE withdrawn_at IS NOT NULL
    ) AS known (release_id, kind, at) ORDER BY at, kind, release_id;
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_advisory_xact_lock(x'6368696e6175746f'::bigint);
    INSERT INTO change (release_id, kind, at) VALUES (NEW.release_id, TG_ARGV[0], CASE TG_ARGV[0]
        WHEN 'released' THEN NEW.released_at WHEN 'withdrawn' THEN NEW.withdrawn_at
        ELSE (SELECT released_at FROM release WHERE release_id = NEW.superseded_by) END);
    RETURN NULL;
END $$;
CREATE TRIGGER released AFTER INSERT ON release FOR EACH ROW EXECUTE FUNCTION note_change('released');
CREATE TRIGGER superseded AFTER UPDATE OF superseded_by ON release FOR EACH ROW
    WHEN (OLD.superseded_by IS NULL AND NEW.superseded_by IS NOT NULL) EXECUTE FUNCTION note_change('superseded');
CREATE TRIGGER withdrawn AFTER UPDATE OF withdrawn_at ON release FOR EACH ROW
    WHEN (OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL) EXECUTE FUNCTION note_change('withdrawn');
