-- The dual-credit scheme: targets by year, what a vehicle earns in words and as a formula.
CREATE TABLE credit_mandate (
    year integer NOT NULL, position integer NOT NULL, nev_credit_percent numeric, cafc_target_l_100km numeric, note text,
    document_id text NOT NULL, verification text NOT NULL CHECK (verification IN ('read', 'unverified')),
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (position, release_id)
);
COMMENT ON COLUMN credit_mandate.cafc_target_l_100km IS 'Fleet average fuel consumption, litres per 100 km.';
CREATE TABLE credit_rule (
    position integer NOT NULL, phase text NOT NULL, effective_from text, effective_to text, in_force daterange NOT NULL,
    powertrain text NOT NULL, criterion text, coefficient numeric, constant numeric, cap numeric, unit text, formula text,
    condition text, document_id text NOT NULL,
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (position, release_id)
);
CREATE TABLE credit_formula (
    position integer NOT NULL, valid_from text, valid_to text, in_force daterange NOT NULL, powertrain text NOT NULL,
    criterion text, coefficient numeric NOT NULL, constant numeric NOT NULL, max_credits numeric, unit text NOT NULL,
    verification text NOT NULL CHECK (verification IN ('read', 'unverified')), document_id text NOT NULL, note text,
    release_id integer NOT NULL REFERENCES release, superseded_by integer REFERENCES release,
    PRIMARY KEY (position, release_id)
);
COMMENT ON TABLE credit_formula IS 'Credits of one car = min(coefficient x criterion + constant, max_credits).';
