//! The tables that are written as they stand, and those that are not.

/// A table that becomes a file, row by row and column by column.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The path of its file.
    pub path: &'static str,
    /// Its columns, in the order of the file.
    pub columns: &'static [&'static str],
    /// The statement that reads it, as lines of text.
    pub(super) read: &'static str,
    /// The statement that takes lines of text in. It writes ids as they are given, also where the database would make them.
    pub(super) write: &'static str,
}

impl Table {
    /// Whether its rows are records, which belong to releases.
    pub fn is_of_records(&self) -> bool {
        self.columns.contains(&"superseded_by") && self.name != "release"
    }
}

macro_rules! table {
    ($name:literal, $path:expr, $order:expr, [$first:literal $(, $column:literal)* $(,)?]) => {
        table!($name, $path, $order, [$first $(, $column)*], "true")
    };
    ($name:literal, $path:expr, $order:expr, [$first:literal $(, $column:literal)* $(,)?], $which:literal) => {
        Table {
            name: $name,
            path: $path,
            columns: &[$first $(, $column)*],
            read: concat!(
                "COPY (SELECT \"", $first, "\"", $(", \"", $column, "\"",)* " FROM ", $name, " WHERE ", $which,
                " ORDER BY ", $order, ") TO STDOUT"
            ),
            write: concat!("COPY ", $name, " (\"", $first, "\"", $(", \"", $column, "\"",)* ") FROM STDIN"),
        }
    };
}

/// A table of records: its rows belong to releases.
macro_rules! records {
    ($name:literal, $order:literal, [$($column:literal),* $(,)?]) => {
        table!(
            $name,
            concat!("records/", $name, ".csv"),
            concat!($order, ", release_id"),
            [$($column,)* "release_id", "superseded_by"]
        )
    };
}

/// Every table that is written as it stands, in the order in which they refer to one another.
pub const TABLES: [Table; 25] = [
    table!("seal", "seal.csv", "only_one", ["only_one", "secret"]),
    table!(
        "api_key",
        "keys.csv",
        "key_id",
        [
            "key_id",
            "name",
            "prefix",
            "hash",
            "scopes",
            "datasets",
            "created_at",
            "expires_at",
            "revoked_at",
            "last_used_at",
        ]
    ),
    table!(
        "audit",
        "audit.csv",
        "audit_id",
        ["audit_id", "at", "action", "subject", "actor", "key_id", "address", "request_id", "detail"]
    ),
    table!(
        "collection",
        "collections.csv",
        "name COLLATE \"C\"",
        ["name", "kind", "version", "changed_at", "is_restricted"]
    ),
    table!(
        "import",
        "imports.csv",
        "import_id",
        [
            "import_id",
            "kind",
            "checksum",
            "imported_at",
            "file_name",
            "file_size",
            "options",
            "report",
            "key_id",
            "permitted",
            "state",
            "received_at",
            "started_at",
            "finished_at",
            "spool",
            "attempts",
            "bytes_read",
            "rows_read",
            "is_cancelled",
            "same_as",
            "detail",
            "is_kept",
        ],
        "state NOT IN ('waiting', 'running')"
    ),
    table!(
        "release",
        "releases.csv",
        "release_id",
        [
            "release_id",
            "import_id",
            "collection",
            "document_id",
            "published",
            "coverage",
            "edition_scope",
            "reason",
            "checksum",
            "row_count",
            "restated_count",
            "confirmed_count",
            "released_at",
            "superseded_by",
            "withdrawn_at",
            "withdrawn_reason",
        ]
    ),
    table!("change", "changes.csv", "change_id", ["change_id", "release_id", "kind", "at"]),
    records!(
        "code",
        "dimension COLLATE \"C\", position, code COLLATE \"C\"",
        [
            "dimension",
            "code",
            "parent",
            "position",
            "name_en",
            "name_zh",
            "definition",
            "attributes",
            "valid_from",
            "valid_to",
            "replaced_by",
        ]
    ),
    records!(
        "measure",
        "dataset COLLATE \"C\", position, measure COLLATE \"C\"",
        ["measure", "dataset", "position", "unit", "decimals", "kind", "aggregation",]
    ),
    records!(
        "dataset",
        "dataset COLLATE \"C\"",
        [
            "dataset",
            "position",
            "title_en",
            "title_zh",
            "description",
            "dimensions",
            "frequencies",
            "default_frequency",
            "complete",
            "licence",
            "citation",
            "rollups",
        ]
    ),
    records!(
        "partition",
        "position",
        [
            "dataset",
            "source",
            "dimension",
            "whole",
            "parts",
            "absent_is_zero",
            "valid_from",
            "valid_to",
            "note",
            "position",
        ]
    ),
    records!(
        "precedence",
        "position",
        [
            "dataset",
            "measure",
            "frequencies",
            "level",
            "rank",
            "scope",
            "sources",
            "valid_to",
            "low_trust",
            "note",
            "position",
        ]
    ),
    records!(
        "source",
        "source COLLATE \"C\"",
        ["source", "name_en", "name_zh", "kind", "homepage", "precedence", "licence", "note", "attribution",]
    ),
    records!(
        "document",
        "document_id COLLATE \"C\"",
        [
            "document_id",
            "source",
            "publisher",
            "title",
            "url",
            "published",
            "published_until",
            "licence",
            "note",
            "coverage",
        ]
    ),
    records!(
        "organization",
        "org_id COLLATE \"C\"",
        [
            "org_id",
            "name_en",
            "name_zh",
            "kind",
            "country",
            "headquarters_geo",
            "founded",
            "dissolved",
            "existence",
            "parent_org_id",
            "notes",
            "document_id",
        ]
    ),
    records!(
        "partnership",
        "partnership_id COLLATE \"C\"",
        [
            "partnership_id",
            "kind",
            "name",
            "announced",
            "effective_from",
            "effective_to",
            "in_force",
            "status",
            "geo",
            "focus",
            "summary",
            "document_id",
        ]
    ),
    records!(
        "partnership_member",
        "partnership_id COLLATE \"C\", position",
        [
            "partnership_id",
            "position",
            "org_id",
            "role",
            "equity_percent",
            "valid_from",
            "valid_to",
            "in_force",
            "document_id",
        ]
    ),
    records!(
        "event",
        "event_id COLLATE \"C\"",
        ["event_id", "date", "happened", "kind", "title", "orgs", "geo", "summary", "document_id",]
    ),
    records!(
        "subsidy_instrument",
        "instrument_id COLLATE \"C\"",
        [
            "instrument_id",
            "name",
            "kind",
            "jurisdiction",
            "level",
            "authorities",
            "announced",
            "effective_from",
            "effective_to",
            "in_force",
            "summary",
            "document_id",
        ]
    ),
    records!(
        "subsidy_rate",
        "instrument_id COLLATE \"C\", position",
        [
            "instrument_id",
            "position",
            "effective_from",
            "effective_to",
            "in_force",
            "vehicle_class",
            "powertrains",
            "criterion",
            "min_value",
            "max_value",
            "unit",
            "amount",
            "cap",
            "condition",
            "document_id",
        ]
    ),
    records!(
        "subsidy_rule",
        "instrument_id COLLATE \"C\", position, rule_id COLLATE \"C\"",
        [
            "rule_id",
            "instrument_id",
            "position",
            "valid_from",
            "valid_to",
            "in_force",
            "part",
            "scheme",
            "vehicle_class",
            "powertrains",
            "criterion",
            "min",
            "max",
            "value",
            "unit",
            "supersedes",
            "verification",
            "document_id",
            "note",
        ]
    ),
    records!(
        "subsidy_spend",
        "position",
        [
            "position",
            "year",
            "year_from",
            "year_to",
            "jurisdiction",
            "measure",
            "unit",
            "value",
            "note",
            "document_id",
        ]
    ),
    records!(
        "credit_mandate",
        "position",
        [
            "year",
            "position",
            "nev_credit_percent",
            "cafc_target_l_100km",
            "note",
            "document_id",
            "verification",
        ]
    ),
    records!(
        "credit_rule",
        "position",
        [
            "position",
            "phase",
            "effective_from",
            "effective_to",
            "in_force",
            "powertrain",
            "criterion",
            "coefficient",
            "constant",
            "cap",
            "unit",
            "formula",
            "condition",
            "document_id",
        ]
    ),
    records!(
        "credit_formula",
        "position",
        [
            "position",
            "valid_from",
            "valid_to",
            "in_force",
            "powertrain",
            "criterion",
            "coefficient",
            "constant",
            "max_credits",
            "unit",
            "verification",
            "document_id",
            "note",
        ]
    ),
];
