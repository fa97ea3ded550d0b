//! Carmakers, groups, investors, suppliers and authorities.

use serde_json::json;

use super::{Sheets, check_parents};
use crate::ingest::entry::{Entry, Table};
use crate::ingest::fields::Span;
use crate::ingest::sheet::Row;
use crate::ingest::vocabulary::Vocabulary;
use crate::timeseries::key::Dimension;
use crate::words::ORGANIZATION_KINDS;

/// The columns of `partnerships/organizations.csv`.
pub const COLUMNS: &[&str] = &[
    "org_id",
    "name_en",
    "name_zh",
    "kind",
    "country",
    "headquarters_geo",
    "founded",
    "dissolved",
    "parent_org_id",
    "notes",
    "document_id",
];

/// Reads organizations.
pub fn read(sheets: &Sheets<'_>, vocabulary: &Vocabulary, entries: &mut Vec<Entry>) {
    check_parents(&sheets.organizations, "org_id", "parent_org_id");
    entries.extend(sheets.organizations.rows().map(|row| organization(&row, vocabulary)));
}

fn organization(row: &Row<'_>, vocabulary: &Vocabulary) -> Entry {
    let country = row.optional("country");
    if country.as_ref().is_some_and(|code| code.len() != 2 || !code.bytes().all(|b| b.is_ascii_uppercase())) {
        row.fault("country", "is not a country code of two capital letters");
    }
    let (founded, dissolved) = (row.date("founded"), row.date("dissolved"));
    if founded.zip(dissolved).is_some_and(|(founded, dissolved)| founded.first > dissolved.last) {
        row.fault("dissolved", format!("lies before founded, {}", row.text("founded")));
    }
    let existence = Span { from: founded.map(|date| date.first), until: dissolved.map(|date| date.last) };
    let document = row.known_optional("document_id", &vocabulary.documents);
    let row = json!({
        "org_id": row.text("org_id"),
        "name_en": row.required("name_en"),
        "name_zh": row.optional("name_zh"),
        "kind": row.choice("kind", &ORGANIZATION_KINDS),
        "country": country,
        "headquarters_geo": row.known_optional("headquarters_geo", vocabulary.codes(Dimension::Geo)),
        "founded": row.optional("founded"),
        "dissolved": row.optional("dissolved"),
        "existence": existence.text(),
        "parent_org_id": row.optional("parent_org_id"),
        "notes": row.optional("notes"),
        "document_id": document,
    });
    Entry { table: Table::Organization, document, row }
}
