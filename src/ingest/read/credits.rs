//! The dual-credit scheme: targets by year, what a vehicle earns in words and as a formula.

use serde_json::json;

use super::Sheets;
use crate::ingest::entry::{Entry, Table};
use crate::ingest::fields::End;
use crate::ingest::sheet::{Row, Sheet};
use crate::ingest::vocabulary::Vocabulary;
use crate::timeseries::key::Dimension;
use crate::timeseries::period::{Frequency, Period};
use crate::words::VERIFICATIONS;

const MANDATES: &[&str] =
    &["year", "nev_credit_percent", "cafc_target_l_100km", "note", "document_id", "verification"];

const RULES: &[&str] = &[
    "phase",
    "effective_from",
    "effective_to",
    "powertrain",
    "criterion",
    "coefficient",
    "constant",
    "cap",
    "unit",
    "formula",
    "condition",
    "document_id",
];

const FORMULAS: &[&str] = &[
    "valid_from",
    "valid_to",
    "powertrain",
    "criterion",
    "coefficient",
    "constant",
    "max_credits",
    "unit",
    "verification",
    "document_id",
    "note",
];

/// Reads mandates, rules and formulas.
pub fn read(sheets: &Sheets<'_>, vocabulary: &Vocabulary, entries: &mut Vec<Entry>) {
    let sheet = |path, columns| Sheet::read(sheets.files, path, columns, sheets.faults);
    let mandates = sheet("subsidies/credit_mandates.csv", MANDATES);
    let rules = sheet("subsidies/credit_rules.csv", RULES);
    let formulas = sheet("subsidies/credit_formulas.csv", FORMULAS);
    entries.extend((1..).zip(mandates.rows()).map(|(position, row)| mandate(position, &row, vocabulary)));
    entries.extend((1..).zip(rules.rows()).map(|(position, row)| rule(position, &row, vocabulary)));
    entries.extend((1..).zip(formulas.rows()).map(|(position, row)| formula(position, &row, vocabulary)));
}

fn mandate(position: i32, row: &Row<'_>, vocabulary: &Vocabulary) -> Entry {
    let year = row.text("year").parse::<Period>().ok().filter(|p| p.frequency() == Frequency::A);
    if year.is_none() {
        row.fault("year", "is not a year");
    }
    let document = row.known("document_id", &vocabulary.documents);
    let row = json!({
        "year": year.map(Period::year),
        "position": position,
        "nev_credit_percent": row.number("nev_credit_percent"),
        "cafc_target_l_100km": row.number("cafc_target_l_100km"),
        "note": row.optional("note"),
        "document_id": document,
        "verification": row.choice("verification", &VERIFICATIONS),
    });
    Entry { table: Table::CreditMandate, document: Some(document), row }
}

fn rule(position: i32, row: &Row<'_>, vocabulary: &Vocabulary) -> Entry {
    let document = row.known("document_id", &vocabulary.documents);
    let row = json!({
        "position": position,
        "phase": row.required("phase"),
        "effective_from": row.optional("effective_from"),
        "effective_to": row.optional("effective_to"),
        "in_force": row.span("effective_from", "effective_to", End::Inclusive).text(),
        "powertrain": row.known("powertrain", vocabulary.codes(Dimension::Powertrain)),
        "criterion": row.optional("criterion"),
        "coefficient": row.number("coefficient"),
        "constant": row.number("constant"),
        "cap": row.number("cap"),
        "unit": row.optional("unit"),
        "formula": row.optional("formula"),
        "condition": row.optional("condition"),
        "document_id": document,
    });
    Entry { table: Table::CreditRule, document: Some(document), row }
}

fn formula(position: i32, row: &Row<'_>, vocabulary: &Vocabulary) -> Entry {
    let document = row.known("document_id", &vocabulary.documents);
    let needed = |column: &str| {
        if row.text(column).is_empty() {
            row.fault(column, "cannot be empty");
        }
        row.number(column)
    };
    let row = json!({
        "position": position,
        "valid_from": row.optional("valid_from"),
        "valid_to": row.optional("valid_to"),
        "in_force": row.span("valid_from", "valid_to", End::Inclusive).text(),
        "powertrain": row.known("powertrain", vocabulary.codes(Dimension::Powertrain)),
        "criterion": row.optional("criterion"),
        "coefficient": needed("coefficient"),
        "constant": needed("constant"),
        "max_credits": row.number("max_credits"),
        "unit": row.required("unit"),
        "verification": row.choice("verification", &VERIFICATIONS),
        "document_id": document,
        "note": row.optional("note"),
    });
    Entry { table: Table::CreditFormula, document: Some(document), row }
}
