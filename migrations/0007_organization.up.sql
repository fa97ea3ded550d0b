-- Carmakers, groups, investors, suppliers and authorities.
CREATE TABLE organization (
    org_id text NOT NULL, name_en text NOT NULL, name_zh text, kind text NOT NULL, country text, headquarters_geo text,
    founded text, dissolved text, existence daterange NOT NULL, parent_org_id text, notes text, document_id text,
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (org_id, release_id)
);
COMMENT ON COLUMN organization.founded IS 'As printed: year, month or day; null where not known.';
COMMENT ON COLUMN organization.existence IS 'From founding to dissolution, half open; a partial start counts from its first day, a partial end up to its last.';
COMMENT ON COLUMN organization.parent_org_id IS 'The group it is counted to; shares and dates stand in partnership_member.';
CREATE UNIQUE INDEX organization_current ON organization (org_id) WHERE superseded_by IS NULL;
CREATE INDEX organization_by_parent ON organization (parent_org_id) WHERE superseded_by IS NULL;
