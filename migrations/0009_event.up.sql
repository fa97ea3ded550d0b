-- Dated policy, plant, launch, market and deal events.
CREATE TABLE event (
    event_id text NOT NULL, date text NOT NULL, happened daterange NOT NULL, kind text NOT NULL, title text NOT NULL,
    orgs text[] NOT NULL, geo text, summary text, document_id text NOT NULL,
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (event_id, release_id)
);
COMMENT ON COLUMN event.date IS 'As printed: year, month or day.';
COMMENT ON COLUMN event.happened IS 'The days that the printed date may mean, half open.';
CREATE UNIQUE INDEX event_current ON event (event_id) WHERE superseded_by IS NULL;
CREATE INDEX event_by_org ON event USING gin (orgs) WHERE superseded_by IS NULL;
