-- Joint ventures, stakes, alliances and licences, and who takes part in them over time.
CREATE TABLE partnership (
    partnership_id text NOT NULL, kind text NOT NULL, name text NOT NULL, announced text, effective_from text,
    effective_to text, in_force daterange NOT NULL, status text NOT NULL, geo text, focus text[] NOT NULL, summary text,
    document_id text NOT NULL,
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (partnership_id, release_id)
);
COMMENT ON COLUMN partnership.effective_to IS 'As printed; the last day, month or year in force.';
COMMENT ON COLUMN partnership.in_force IS 'Half open; a partial start counts from its first day, a partial end to its last. Without a start from the announcement; empty where only announced, or ended on a day that is not known.';
CREATE UNIQUE INDEX partnership_current ON partnership (partnership_id) WHERE superseded_by IS NULL;
CREATE TABLE partnership_member (
    partnership_id text NOT NULL, position integer NOT NULL, org_id text NOT NULL, role text NOT NULL,
    equity_percent numeric(7, 4), valid_from text, valid_to text, in_force daterange NOT NULL, document_id text NOT NULL,
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (partnership_id, position, release_id)
);
COMMENT ON COLUMN partnership_member.equity_percent IS 'Percent of the equity; null where not stated.';
COMMENT ON COLUMN partnership_member.valid_to IS 'As printed and exclusive: a partial end ends before its first day.';
COMMENT ON COLUMN partnership_member.in_force IS 'Half open; a start that is not stated is that of the partnership, an end that is not stated is open, even past the end of the partnership.';
CREATE INDEX partnership_member_current ON partnership_member (partnership_id, position) WHERE superseded_by IS NULL;
CREATE INDEX partnership_member_by_org ON partnership_member (org_id) WHERE superseded_by IS NULL;
