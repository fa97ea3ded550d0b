-- Data changes only by releases; an import is one transaction of one or more of them.
CREATE TABLE import (
    import_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('bundled', 'file')),
    checksum    bytea NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN import.checksum IS 'SHA-256 over all that was taken in; the same again loads nothing.';
CREATE TABLE release (
    release_id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    import_id        integer NOT NULL REFERENCES import,
    collection       text NOT NULL REFERENCES collection,
    document_id      text,
    published        date,
    coverage         text NOT NULL DEFAULT 'patch' CHECK (coverage IN ('patch', 'edition')),
    edition_scope    text[] NOT NULL DEFAULT '{}',
    reason           text NOT NULL CHECK (reason IN ('initial', 'corrected')),
    checksum         bytea NOT NULL,
    row_count        integer NOT NULL,
    restated_count   integer NOT NULL DEFAULT 0,
    confirmed_count  integer NOT NULL DEFAULT 0,
    released_at      timestamptz NOT NULL DEFAULT now(),
    superseded_by    integer REFERENCES release,
    withdrawn_at     timestamptz,
    withdrawn_reason text
);
