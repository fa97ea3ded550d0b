//! Joint ventures, stakes, alliances and licences, and who takes part in them over time.

use std::collections::HashMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::json;

use super::{Positions, Sheets};
use crate::ingest::entry::{Entry, Table};
use crate::ingest::fields::{End, Span};
use crate::ingest::sheet::{Row, Sheet};
use crate::ingest::vocabulary::Vocabulary;
use crate::timeseries::key::Dimension;
use crate::timeseries::period::PartialDate;
use crate::words::{MEMBER_ROLES, PARTNERSHIP_KINDS, PARTNERSHIP_STATUSES};

/// The columns of `partnerships/partnerships.csv`.
pub const PARTNERSHIPS: &[&str] = &[
    "partnership_id",
    "kind",
    "name",
    "announced",
    "effective_from",
    "effective_to",
    "status",
    "geo",
    "focus",
    "summary",
    "document_id",
];

/// The columns of `partnerships/members.csv`.
pub const MEMBERS: &[&str] =
    &["partnership_id", "org_id", "role", "equity_percent", "valid_from", "valid_to", "document_id"];

/// The days that each partnership was in force.
///
/// One that names no start counts from its announcement.
pub fn spans(sheet: &Sheet<'_>) -> HashMap<String, Span> {
    sheet.rows().map(|row| (row.text("partnership_id").to_owned(), span(&row))).collect()
}

/// The days without their faults: those are told where partnerships are read.
fn span(row: &Row<'_>) -> Span {
    let date = |column: &str| row.text(column).parse::<PartialDate>().ok();
    let from = date("effective_from").or_else(|| date("announced")).map(|date| date.first);
    Span { from, until: date("effective_to").and_then(|date| date.last.succ_opt()) }
}

/// Reads partnerships and their members.
pub fn read(sheets: &Sheets<'_>, vocabulary: &Vocabulary, entries: &mut Vec<Entry>) {
    entries.extend(sheets.partnerships.rows().map(|row| partnership(&row, vocabulary)));
    let mut positions = Positions::default();
    for row in sheets.members.rows() {
        let position = positions.next(&row, "partnership_id");
        entries.push(member(position, &row, vocabulary));
    }
}

fn partnership(row: &Row<'_>, vocabulary: &Vocabulary) -> Entry {
    row.date("announced");
    row.span("effective_from", "effective_to", End::Inclusive);
    let status = row.choice("status", &PARTNERSHIP_STATUSES);
    let planned = status == "announced" && row.text("effective_from").is_empty();
    let lost = status == "ended" && row.text("effective_to").is_empty();
    let in_force = if planned || lost { "empty".to_owned() } else { span(row).text() };
    let document = row.known("document_id", &vocabulary.documents);
    let row = json!({
        "partnership_id": row.text("partnership_id"),
        "kind": row.choice("kind", &PARTNERSHIP_KINDS),
        "name": row.required("name"),
        "announced": row.optional("announced"),
        "effective_from": row.optional("effective_from"),
        "effective_to": row.optional("effective_to"),
        "in_force": in_force,
        "status": status,
        "geo": row.known_optional("geo", vocabulary.codes(Dimension::Geo)),
        "focus": row.list("focus", ';'),
        "summary": row.optional("summary"),
        "document_id": document,
    });
    Entry { table: Table::Partnership, document: Some(document), row }
}

fn member(position: i32, row: &Row<'_>, vocabulary: &Vocabulary) -> Entry {
    let partnership_id = row.known("partnership_id", &vocabulary.partnerships);
    let equity = row.number("equity_percent");
    let share = equity.as_ref().and_then(|text| text.parse::<Decimal>().ok());
    if share.is_some_and(|share| share.is_sign_negative() || share > Decimal::ONE_HUNDRED) {
        row.fault("equity_percent", "is not a share between 0 and 100 percent");
    }
    let own = row.span("valid_from", "valid_to", End::Exclusive);
    let whole = vocabulary.partnership_spans.get(&partnership_id).copied().unwrap_or_default();
    let document = row.known("document_id", &vocabulary.documents);
    let row = json!({
        "partnership_id": partnership_id,
        "position": position,
        "org_id": row.known("org_id", &vocabulary.organizations),
        "role": row.choice("role", &MEMBER_ROLES),
        "equity_percent": equity,
        "valid_from": row.optional("valid_from"),
        "valid_to": row.optional("valid_to"),
        "in_force": Span { from: start(own, whole), ..own }.text(),
        "document_id": document,
    });
    Entry { table: Table::PartnershipMember, document: Some(document), row }
}

/// The first day of a membership: that of the partnership where it states none, if that leaves any day. Its end is not closed
/// by the partnership's: who takes over all shares ends the partnership and keeps them.
fn start(own: Span, whole: Span) -> Option<NaiveDate> {
    own.from.or(whole.from.filter(|start| own.until.is_none_or(|until| *start < until)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_membership_without_a_start_begins_with_its_partnership() {
        let span = |from: &str, until: &str| Span { from: from.parse().ok(), until: until.parse().ok() };
        let whole = span("2000-01-01", "2010-01-01");
        assert_eq!(start(span("", ""), whole), whole.from);
        assert_eq!(start(span("2004-01-01", ""), whole), "2004-01-01".parse().ok());
        assert_eq!(start(span("", "1999-01-01"), whole), None);
    }
}
