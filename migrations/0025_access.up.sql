-- Who may call, and what is for some callers only. Of a key only the hash is here: it is 256 random bits, so a plain SHA-256 cannot be
-- turned back, and is looked up by an index.
CREATE TABLE api_key (
    key_id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL CHECK (name <> ''),
    prefix       text NOT NULL UNIQUE,
    hash         bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    scopes       text[] NOT NULL CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'write', 'admin']),
    datasets     text[],
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz
);
COMMENT ON COLUMN api_key.prefix IS 'The beginning of the key, by which people know it; of it nothing of the rest follows.';
COMMENT ON COLUMN api_key.datasets IS 'The restricted datasets that it may read, and the datasets that it may write; null is all.';
COMMENT ON COLUMN api_key.last_used_at IS 'To the minute.';

ALTER TABLE collection ADD COLUMN is_restricted boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN collection.is_restricted IS 'Whether a dataset exists only for keys that name it.';

-- Which codes the series of a dataset use. A code that came with a file is there for those alone who may see a dataset that uses it, and
-- asking all series each time would read all of them.
CREATE TABLE series_code (
    dataset text NOT NULL, dimension text NOT NULL, code text NOT NULL,
    PRIMARY KEY (dimension, code, dataset)
);
CREATE FUNCTION note_codes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO series_code (dataset, dimension, code)
        SELECT DISTINCT dataset, 'source', source FROM fresh
        UNION ALL SELECT DISTINCT dataset, 'geo', geo FROM fresh
        UNION ALL SELECT DISTINCT dataset, 'maker', maker FROM fresh
        UNION ALL SELECT DISTINCT dataset, 'brand', brand FROM fresh
        UNION ALL SELECT DISTINCT dataset, 'model', model FROM fresh
        UNION ALL SELECT DISTINCT dataset, 'vehicle_class', vehicle_class FROM fresh
        UNION ALL SELECT DISTINCT dataset, 'powertrain', powertrain FROM fresh
        UNION ALL SELECT DISTINCT dataset, 'operator', operator FROM fresh
        UNION ALL SELECT DISTINCT dataset, 'access', access FROM fresh
        UNION ALL SELECT DISTINCT dataset, 'current', current FROM fresh
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
INSERT INTO series_code (dataset, dimension, code)
    SELECT DISTINCT s.dataset, c.dimension, c.code FROM series s CROSS JOIN LATERAL (VALUES
        ('source', s.source), ('geo', s.geo), ('maker', s.maker), ('brand', s.brand), ('model', s.model),
        ('vehicle_class', s.vehicle_class), ('powertrain', s.powertrain), ('operator', s.operator), ('access', s.access),
        ('current', s.current)) AS c (dimension, code);
CREATE TRIGGER used AFTER INSERT ON series REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION note_codes();

-- The datasets that an import had to do with: those of its releases, and those that it described.
CREATE FUNCTION datasets_of(of_import integer) RETURNS text[] STABLE LANGUAGE sql AS $$
    SELECT coalesce(array_agg(DISTINCT name), '{}') FROM (
        SELECT r.collection AS name FROM release r JOIN collection c ON c.name = r.collection AND c.kind = 'dataset'
            WHERE r.import_id = of_import
        UNION ALL
        SELECT d.dataset FROM dataset d JOIN release r USING (release_id) WHERE r.import_id = of_import
    ) AS named
$$;
-- The restricted datasets that somebody may not see who may see these; null is all.
CREATE FUNCTION hidden_from(seen text[]) RETURNS text[] STABLE LANGUAGE sql AS $$
    SELECT coalesce(array_agg(name), '{}') FROM collection WHERE is_restricted AND NOT name = ANY(seen)
$$;
-- Whether a release is of what is hidden: its dataset is; or it has lists that came with such datasets alone.
CREATE FUNCTION is_hidden(of_import integer, of_collection text, hidden text[]) RETURNS boolean STABLE LANGUAGE sql AS $$
    SELECT CASE
        WHEN cardinality(hidden) = 0 THEN false
        WHEN of_collection = ANY(hidden) THEN true
        WHEN (SELECT kind FROM collection WHERE name = of_collection) = 'dataset' THEN false
        ELSE (SELECT cardinality(of) > 0 AND of <@ hidden FROM datasets_of(of_import) AS of)
    END
$$;
-- The datasets that a code or source has to do with: those whose series use it, else those that came with it.
CREATE FUNCTION datasets_with(of_dimension text, of_code text, of_import integer) RETURNS text[] STABLE LANGUAGE sql AS $$
    SELECT coalesce((SELECT array_agg(dataset) FROM series_code WHERE dimension = of_dimension AND code = of_code),
                    datasets_of(of_import))
$$;

CREATE FUNCTION source_is_seen(of_source text, of_release integer, hidden text[]) RETURNS boolean STABLE LANGUAGE sql AS $$
    SELECT CASE WHEN cardinality(hidden) = 0 THEN true ELSE (
        SELECT i.kind = 'bundled' OR cardinality(of) = 0 OR NOT of <@ hidden
        FROM release r JOIN import i USING (import_id), datasets_with('source', of_source, r.import_id) AS of
        WHERE r.release_id = of_release) END
$$;
-- A document is seen where something that was made of it is: a release of its own, or records.
CREATE FUNCTION document_is_seen(of_document text, hidden text[]) RETURNS boolean STABLE LANGUAGE sql AS $$
    SELECT cardinality(hidden) = 0
        OR NOT EXISTS (SELECT FROM release r WHERE r.document_id = of_document AND r.collection = ANY(hidden))
        OR EXISTS (SELECT FROM release r WHERE r.document_id = of_document AND NOT r.collection = ANY(hidden))
$$;

ALTER TABLE import ADD COLUMN key_id integer REFERENCES api_key, ADD COLUMN permitted text[];
COMMENT ON COLUMN import.key_id IS 'The key that sent it; null where none did.';
COMMENT ON COLUMN import.permitted IS 'The datasets that its sender may write; null is all.';

-- What positions in the feed of changes are sealed with, so that a cursor tells nothing of what else happened. One row.
CREATE TABLE seal (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    secret   bytea NOT NULL CHECK (length(secret) = 32)
);
INSERT INTO seal (secret) SELECT sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'));

-- Who did what, when and from where. Nothing in it is ever changed.
CREATE TABLE audit (
    audit_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    action     text NOT NULL CHECK (action IN ('import', 'import.cancelled', 'withdrawal', 'dataset.created', 'dataset.restricted',
                                               'dataset.published', 'key.created', 'key.revoked')),
    subject    text NOT NULL,
    actor      text NOT NULL,
    key_id     integer REFERENCES api_key,
    address    text,
    request_id text,
    detail     text
);
COMMENT ON COLUMN audit.subject IS 'What it was done to: an import, a release, a dataset or a key, by number or name.';
COMMENT ON COLUMN audit.actor IS 'The prefix and name of the key; anonymous; or the user of the command line.';
COMMENT ON COLUMN audit.address IS 'The address that the request came from; null on the command line.';
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'the audit is only added to';
END $$;
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
