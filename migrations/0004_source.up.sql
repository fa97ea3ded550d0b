-- Who first published a figure, and the page or file it was read from.
CREATE TABLE source (
    source text NOT NULL, name_en text NOT NULL, name_zh text, kind text NOT NULL, homepage text,
    precedence integer NOT NULL, licence text NOT NULL, note text, attribution text,
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (source, release_id)
);
COMMENT ON COLUMN source.precedence IS 'Order among the sources that the precedence table does not list; 1 comes first.';
COMMENT ON COLUMN source.attribution IS 'What its terms ask to be printed beside its figures; null where its name is enough.';
CREATE UNIQUE INDEX source_current ON source (source) WHERE superseded_by IS NULL;
CREATE TABLE document (
    document_id text NOT NULL, source text NOT NULL, publisher text NOT NULL, title text NOT NULL, url text,
    published text, published_until date, licence text NOT NULL, note text,
    coverage text NOT NULL CHECK (coverage IN ('patch', 'edition')),
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (document_id, release_id)
);
COMMENT ON COLUMN document.source IS 'Publisher of its main figures; single rows may name another.';
COMMENT ON COLUMN document.published IS 'As printed: 2024, 2024-05 or 2024-05-13; null where undated.';
COMMENT ON COLUMN document.published_until IS 'Last day that the printed date may mean, never later than the day of loading.';
CREATE UNIQUE INDEX document_current ON document (document_id) WHERE superseded_by IS NULL;
CREATE INDEX document_by_source ON document (source) WHERE superseded_by IS NULL;
