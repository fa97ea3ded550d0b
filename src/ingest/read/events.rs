//! Dated policy, plant, launch, market and partnership events.

use serde_json::json;

use super::Sheets;
use crate::ingest::entry::{Entry, Table};
use crate::ingest::fields::{Known, Span};
use crate::ingest::sheet::Row;
use crate::ingest::vocabulary::Vocabulary;
use crate::timeseries::key::Dimension;
use crate::words::EVENT_KINDS;

/// The columns of `partnerships/events.csv`.
pub const COLUMNS: &[&str] = &["event_id", "date", "kind", "title", "orgs", "geo", "summary", "document_id"];

/// Reads events.
pub fn read(sheets: &Sheets<'_>, vocabulary: &Vocabulary, entries: &mut Vec<Entry>) {
    Known::collect("event", &sheets.events, "event_id", &[]);
    entries.extend(sheets.events.rows().map(|row| event(&row, vocabulary)));
}

fn event(row: &Row<'_>, vocabulary: &Vocabulary) -> Entry {
    let date = row.required("date");
    let happened = row
        .date("date")
        .map_or_else(Span::default, |date| Span { from: Some(date.first), until: date.last.succ_opt() });
    let document = row.known("document_id", &vocabulary.documents);
    let row = json!({
        "event_id": row.text("event_id"),
        "date": date,
        "happened": happened.text(),
        "kind": row.choice("kind", &EVENT_KINDS),
        "title": row.required("title"),
        "orgs": row.known_list("orgs", ';', &vocabulary.organizations, &[]),
        "geo": row.known_optional("geo", vocabulary.codes(Dimension::Geo)),
        "summary": row.optional("summary"),
        "document_id": document,
    });
    Entry { table: Table::Event, document: Some(document), row }
}
