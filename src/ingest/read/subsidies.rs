//! Subsidies, taxes, quotas and mandates: what documents say in words, what can be computed, and what was spent.

use serde_json::json;

use super::{Positions, Sheets, contradictions};
use crate::ingest::entry::{Entry, Table};
use crate::ingest::fields::End;
use crate::ingest::sheet::{Row, Sheet};
use crate::ingest::vocabulary::Vocabulary;
use crate::rules::RULE_PARTS;
use crate::timeseries::key::Dimension;
use crate::timeseries::period::{Frequency, Period};
use crate::words::{GOVERNMENT_LEVELS, INSTRUMENT_KINDS, VERIFICATIONS};

/// The columns of `subsidies/instruments.csv`.
pub const INSTRUMENTS: &[&str] = &[
    "instrument_id",
    "name",
    "kind",
    "jurisdiction",
    "level",
    "authority",
    "announced",
    "effective_from",
    "effective_to",
    "summary",
    "document_id",
];

/// The columns of `subsidies/rates.csv`.
pub const RATES: &[&str] = &[
    "instrument_id",
    "effective_from",
    "effective_to",
    "vehicle_class",
    "powertrain",
    "criterion",
    "min_value",
    "max_value",
    "unit",
    "amount",
    "cap",
    "condition",
    "document_id",
];

/// The columns of `subsidies/rules.csv`.
pub const RULES: &[&str] = &[
    "rule_id",
    "instrument_id",
    "valid_from",
    "valid_to",
    "part",
    "scheme",
    "vehicle_class",
    "powertrain",
    "criterion",
    "min",
    "max",
    "value",
    "unit",
    "supersedes",
    "verification",
    "document_id",
    "note",
];

const SPEND: &[&str] = &["year", "jurisdiction", "measure", "unit", "value", "note", "document_id"];

/// Words of rates that stand for no class of vehicle.
const OTHER_CLASSES: [&str; 4] = ["truck_special", "public_service", "city_cluster", "charging"];

/// Words of rates that stand for no powertrain of the code list.
const OTHER_POWERTRAINS: [&str; 3] = ["energy_saving", "supercapacitor", "efficient"];

/// Reads instruments, rates, rules and spending.
pub fn read(sheets: &Sheets<'_>, vocabulary: &Vocabulary, entries: &mut Vec<Entry>) {
    let sheet = |path, columns| Sheet::read(sheets.files, path, columns, sheets.faults);
    let (rates, spend) = (sheet("subsidies/rates.csv", RATES), sheet("subsidies/spend.csv", SPEND));
    contradictions::check_rules(sheets, &vocabulary.instruments);
    let odds = contradictions::rates_at_odds(&rates);
    if !odds.is_empty() {
        let count = odds.len();
        tracing::info!(
            pairs = count,
            "rates state different amounts for the same bounds and days: their instruments tell which"
        );
        tracing::debug!(rates = odds.join("; "), "rates at odds, unless their conditions tell them apart");
    }
    entries.extend(sheets.instruments.rows().map(|row| instrument(&row, vocabulary)));
    let mut positions = Positions::default();
    for row in rates.rows() {
        entries.push(rate(positions.next(&row, "instrument_id"), &row, vocabulary));
    }
    let mut positions = Positions::default();
    for row in sheets.rules.rows() {
        entries.push(rule(positions.next(&row, "instrument_id"), &row, vocabulary));
    }
    entries.extend((1..).zip(spend.rows()).map(|(position, row)| spending(position, &row, vocabulary)));
}

fn instrument(row: &Row<'_>, vocabulary: &Vocabulary) -> Entry {
    row.date("announced");
    let document = row.known("document_id", &vocabulary.documents);
    let row = json!({
        "instrument_id": row.text("instrument_id"),
        "name": row.required("name"),
        "kind": row.choice("kind", &INSTRUMENT_KINDS),
        "jurisdiction": row.known("jurisdiction", vocabulary.codes(Dimension::Geo)),
        "level": row.choice("level", &GOVERNMENT_LEVELS),
        "authorities": row.list("authority", ';'),
        "announced": row.optional("announced"),
        "effective_from": row.optional("effective_from"),
        "effective_to": row.optional("effective_to"),
        "in_force": row.span("effective_from", "effective_to", End::Inclusive).text(),
        "summary": row.optional("summary"),
        "document_id": document,
    });
    Entry { table: Table::SubsidyInstrument, document: Some(document), row }
}

fn rate(position: i32, row: &Row<'_>, vocabulary: &Vocabulary) -> Entry {
    let class = row.text("vehicle_class");
    if !OTHER_CLASSES.contains(&class) {
        row.known("vehicle_class", vocabulary.codes(Dimension::VehicleClass));
    }
    let powertrains = vocabulary.codes(Dimension::Powertrain);
    row.required("powertrain");
    let (min, max) = row.bounds("min_value", "max_value");
    let document = row.known("document_id", &vocabulary.documents);
    let row = json!({
        "instrument_id": row.known("instrument_id", &vocabulary.instruments),
        "position": position,
        "effective_from": row.optional("effective_from"),
        "effective_to": row.optional("effective_to"),
        "in_force": row.span("effective_from", "effective_to", End::Inclusive).text(),
        "vehicle_class": class,
        "powertrains": row.known_list("powertrain", '|', powertrains, &OTHER_POWERTRAINS),
        "criterion": row.optional("criterion"),
        "min_value": min,
        "max_value": max,
        "unit": row.optional("unit"),
        "amount": row.number("amount"),
        "cap": row.number("cap"),
        "condition": row.optional("condition"),
        "document_id": document,
    });
    Entry { table: Table::SubsidyRate, document: Some(document), row }
}

fn rule(position: i32, row: &Row<'_>, vocabulary: &Vocabulary) -> Entry {
    let (min, max) = row.bounds("min", "max");
    row.required("powertrain");
    let document = row.known("document_id", &vocabulary.documents);
    let row = json!({
        "rule_id": row.text("rule_id"),
        "instrument_id": row.known("instrument_id", &vocabulary.instruments),
        "position": position,
        "valid_from": row.optional("valid_from"),
        "valid_to": row.optional("valid_to"),
        "in_force": row.span("valid_from", "valid_to", End::Inclusive).text(),
        "part": row.choice("part", &RULE_PARTS),
        "scheme": row.optional("scheme"),
        "vehicle_class": row.known("vehicle_class", vocabulary.codes(Dimension::VehicleClass)),
        "powertrains": row.known_list("powertrain", '|', vocabulary.codes(Dimension::Powertrain), &[]),
        "criterion": row.optional("criterion"),
        "min": min,
        "max": max,
        "value": row.number("value"),
        "unit": row.optional("unit"),
        "supersedes": row.known_optional("supersedes", &vocabulary.rules),
        "verification": row.choice("verification", &VERIFICATIONS),
        "document_id": document,
        "note": row.optional("note"),
    });
    Entry { table: Table::SubsidyRule, document: Some(document), row }
}

fn spending(position: i32, row: &Row<'_>, vocabulary: &Vocabulary) -> Entry {
    let (from, to) = years(row);
    let document = row.known("document_id", &vocabulary.documents);
    let value = row.number("value");
    if row.text("value").is_empty() {
        row.fault("value", "cannot be empty");
    }
    let row = json!({
        "position": position,
        "year": row.text("year"),
        "year_from": from,
        "year_to": to,
        "jurisdiction": row.known("jurisdiction", vocabulary.codes(Dimension::Geo)),
        "measure": row.required("measure"),
        "unit": row.choice("unit", &["CNY", "USD", "percent", "vehicles"]),
        "value": value,
        "note": row.optional("note"),
        "document_id": document,
    });
    Entry { table: Table::SubsidySpend, document: Some(document), row }
}

/// A year, or the first and the last of several.
fn years(row: &Row<'_>) -> (i32, i32) {
    let text = row.text("year");
    let year = |text: &str| text.parse::<Period>().ok().filter(|p| p.frequency() == Frequency::A);
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let Some((from, to)) = year(from).zip(year(to)).filter(|(from, to)| from <= to) else {
        row.fault("year", "is not a year or a range of years; expected 2020 or 2016-2020");
        return (0, 0);
    };
    (from.year(), to.year())
}
