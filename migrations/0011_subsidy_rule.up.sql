-- The national instruments as rules that can be computed.
CREATE TABLE subsidy_rule (
    rule_id text NOT NULL, instrument_id text NOT NULL, position integer NOT NULL, valid_from text, valid_to text,
    in_force daterange NOT NULL, part text NOT NULL, scheme text, vehicle_class text NOT NULL, powertrains text[] NOT NULL,
    criterion text, min numeric, max numeric, value numeric, unit text, supersedes text,
    verification text NOT NULL CHECK (verification IN ('read', 'unverified')), document_id text NOT NULL, note text,
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (rule_id, release_id)
);
COMMENT ON COLUMN subsidy_rule.part IS 'condition, amount, limit, multiplier, cap, vat or tax.';
COMMENT ON COLUMN subsidy_rule.min IS 'Inclusive, in the unit of the criterion; null is unbounded.';
COMMENT ON COLUMN subsidy_rule.max IS 'Exclusive, in the unit of the criterion; null is unbounded.';
COMMENT ON COLUMN subsidy_rule.valid_to IS 'Last day in force; null is open.';
COMMENT ON COLUMN subsidy_rule.supersedes IS 'The rule that a later document replaced with effect back in time.';
COMMENT ON COLUMN subsidy_rule.verification IS 'read: a document that states it was read; unverified: attributed to a notice that was not at hand.';
CREATE UNIQUE INDEX subsidy_rule_current ON subsidy_rule (rule_id) WHERE superseded_by IS NULL;
CREATE INDEX subsidy_rule_by_instrument ON subsidy_rule (instrument_id, position) WHERE superseded_by IS NULL;
