//! Who publishes, and the pages and files that figures were read from.

use std::collections::HashSet;

use serde_json::json;

use super::Sheets;
use crate::ingest::entry::{Entry, Table};
use crate::ingest::sheet::Row;
use crate::ingest::vocabulary::Vocabulary;
use crate::timeseries::key::Dimension;

/// The columns of `sources.csv`.
pub const SOURCES: &[&str] =
    &["source", "name_en", "name_zh", "kind", "homepage", "precedence", "license", "note", "attribution"];

/// The columns of `documents.csv`.
pub const DOCUMENTS: &[&str] =
    &["document_id", "source", "publisher", "title", "url", "published", "license", "note", "coverage"];

const KINDS: [&str; 8] = [
    "press",
    "research",
    "agency",
    "association",
    "open_dataset",
    "company",
    "statistical_office",
    "synthetic",
];

/// Reads sources and documents.
pub fn read(sheets: &Sheets<'_>, vocabulary: &Vocabulary, entries: &mut Vec<Entry>) {
    let mut places = HashSet::new();
    for row in sheets.sources.rows() {
        if !places.insert(row.text("precedence")) {
            row.fault("precedence", "another source has the same place");
        }
        entries.push(source(&row));
    }
    entries.extend(sheets.documents.rows().map(|row| document(&row, vocabulary)));
}

fn source(row: &Row<'_>) -> Entry {
    let row = json!({
        "source": row.text("source"),
        "name_en": row.required("name_en"),
        "name_zh": row.optional("name_zh"),
        "kind": row.choice("kind", &KINDS),
        "homepage": address(row, "homepage"),
        "precedence": row.ordinal("precedence"),
        "licence": row.required("license"),
        "note": row.optional("note"),
        "attribution": row.optional("attribution"),
    });
    Entry { table: Table::Source, document: None, row }
}

fn document(row: &Row<'_>, vocabulary: &Vocabulary) -> Entry {
    let row = json!({
        "document_id": row.text("document_id"),
        "source": row.known("source", vocabulary.codes(Dimension::Source)),
        "publisher": row.required("publisher"),
        "title": row.required("title"),
        "url": address(row, "url"),
        "published": row.optional("published"),
        "published_until": row.date("published").map(|date| date.last),
        "licence": row.required("license"),
        "note": row.optional("note"),
        "coverage": row.choice("coverage", &["patch", "edition"]),
    });
    Entry { table: Table::Document, document: None, row }
}

fn address(row: &Row<'_>, column: &str) -> Option<String> {
    let text = row.optional(column)?;
    let web = ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme));
    if !web || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        row.fault(column, "is not a web address; expected http:// or https:// and no white space");
    }
    Some(text)
}
