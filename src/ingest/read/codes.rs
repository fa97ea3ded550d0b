//! The code lists of the dimensions, and the measures.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{Sheets, check_parents};
use crate::ingest::entry::{Entry, Table};
use crate::ingest::fields::Known;
use crate::ingest::files::Files;
use crate::ingest::sheet::{Faults, Row, Sheet};
use crate::ingest::vocabulary::Vocabulary;
use crate::timeseries::key::{Dimension, TOTAL};

const COMMON: [&str; 4] = ["code", "parent", "name_en", "name_zh"];

/// What a list has beside the common columns. The sources are a file of their own.
const fn own_columns(dimension: Dimension) -> &'static [&'static str] {
    match dimension {
        Dimension::Measure => &["unit", "kind", "aggregation", "dataset", "definition"],
        Dimension::Source => &[],
        Dimension::Geo => &["kind", "gbt2260", "iso", "note"],
        Dimension::Maker => &["kind", "country", "overlaps", "note"],
        Dimension::Brand => &["maker", "makers_also"],
        Dimension::Model => &["brand", "maker", "vehicle_class"],
        Dimension::VehicleClass | Dimension::Powertrain | Dimension::Access | Dimension::Current => {
            &["definition"]
        }
        Dimension::Operator => &["org_id"],
    }
}

/// Splits the code lists.
pub fn sheets<'a>(files: &Files, faults: &'a Faults) -> Vec<(Dimension, Sheet<'a>)> {
    let lists = Dimension::ALL.into_iter().filter(|d| *d != Dimension::Source);
    lists
        .map(|dimension| {
            let columns = [&COMMON, own_columns(dimension)].concat();
            (dimension, Sheet::read(files, &format!("codes/{dimension}.csv"), &columns, faults))
        })
        .collect()
}

/// The codes of every dimension.
pub fn known(sheets: &Sheets<'_>) -> HashMap<Dimension, Known> {
    let lists = sheets
        .codes
        .iter()
        .map(|(dimension, sheet)| (*dimension, Known::collect(dimension.name(), sheet, "code", &[])));
    let sources = Known::collect("source", &sheets.sources, "source", &["best", "all"]);
    lists.chain([(Dimension::Source, sources)]).collect()
}

/// The brand that each model names.
pub fn brands_of_models(sheets: &Sheets<'_>) -> HashMap<String, String> {
    let models = sheets.codes.iter().filter(|(dimension, _)| *dimension == Dimension::Model);
    let rows = models.flat_map(|(_, sheet)| sheet.rows());
    rows.map(|row| (row.text("code").to_owned(), row.text("brand").to_owned())).collect()
}

/// Reads the code lists.
pub fn read(sheets: &Sheets<'_>, vocabulary: &Vocabulary, entries: &mut Vec<Entry>) {
    for (dimension, sheet) in &sheets.codes {
        check_parents(sheet, "code", "parent");
        let needs_total = !matches!(dimension, Dimension::Measure | Dimension::Geo);
        if needs_total && !vocabulary.codes(*dimension).has(TOTAL) {
            sheets.faults.file(&format!("codes/{dimension}.csv"), TOTAL, "the code of the total is missing");
        }
        for (position, row) in (1..).zip(sheet.rows()) {
            entries.push(code(*dimension, position, &row, vocabulary));
            if *dimension == Dimension::Measure {
                entries.push(measure(position, &row, vocabulary));
            }
        }
    }
}

fn code(dimension: Dimension, position: i32, row: &Row<'_>, vocabulary: &Vocabulary) -> Entry {
    check_references(dimension, row, vocabulary);
    let described = ["definition", "unit", "aggregation", "dataset"];
    let measure_kind = |column: &str| dimension == Dimension::Measure && column == "kind";
    let mut attributes = Map::new();
    for &column in own_columns(dimension).iter().filter(|c| !described.contains(c) && !measure_kind(c)) {
        if ["makers_also", "overlaps"].contains(&column) {
            let makers = row.known_list(column, ';', vocabulary.codes(Dimension::Maker), &[]);
            if column == "makers_also" || !makers.is_empty() {
                attributes.insert(column.to_owned(), json!(makers));
            }
        } else if let Some(text) = row.optional(column) {
            attributes.insert(column.to_owned(), Value::String(text));
        }
    }
    let row = json!({
        "dimension": dimension.name(),
        "code": row.text("code"),
        "parent": row.optional("parent"),
        "position": position,
        "name_en": row.required("name_en"),
        "name_zh": row.optional("name_zh"),
        "definition": row.optional("definition"),
        "attributes": attributes,
    });
    Entry { table: Table::Code, document: None, row }
}

/// What only this dimension has must exist where it refers to something.
fn check_references(dimension: Dimension, row: &Row<'_>, vocabulary: &Vocabulary) {
    if row.text("code") == TOTAL {
        return;
    }
    let named = |column: &str, of: Dimension| drop(row.known(column, vocabulary.codes(of)));
    match dimension {
        Dimension::Geo => drop(row.choice("kind", &["country", "province", "city", "region", "world"])),
        Dimension::Maker => drop(row.known("code", &vocabulary.organizations)),
        Dimension::Brand => named("maker", Dimension::Maker),
        Dimension::Model => {
            named("brand", Dimension::Brand);
            named("maker", Dimension::Maker);
            named("vehicle_class", Dimension::VehicleClass);
        }
        Dimension::Operator => drop(row.known_optional("org_id", &vocabulary.organizations)),
        _ => {}
    }
}

fn measure(position: i32, row: &Row<'_>, vocabulary: &Vocabulary) -> Entry {
    let row = json!({
        "measure": row.text("code"),
        "dataset": row.known("dataset", &vocabulary.dataset_names),
        "position": position,
        "unit": row.required("unit"),
        "decimals": 0,
        "kind": row.choice("kind", &["flow", "stock"]),
        "aggregation": row.choice("aggregation", &["sum", "last", "none"]),
    });
    Entry { table: Table::Measure, document: None, row }
}
