//! The sums of declared parts, worked out apart from the service.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::published::{Print, Published, Series, days, last_day};
use crate::files::{Row, rows};

/// The figures that hold, or held by a day, and the complete sums over declared parts where a source publishes none.
pub fn with_sums(published: &Published, as_of: Option<NaiveDate>) -> Published {
    let held = published.iter().map(|(key, series)| {
        let cells = series.holding(as_of).into_iter();
        let cells = cells.map(|(period, print)| (period.to_owned(), vec![print])).collect();
        (key.clone(), Series { cells, ..series.clone() })
    });
    let held: Published = held.filter(|(_, series)| !series.cells.is_empty()).collect();
    let partitions = rows("codes/partitions.csv");
    let mut all = held.clone();
    for (series, period) in held.values().flat_map(|s| s.cells.keys().map(move |period| (s, period))) {
        let mut upwards = vec![series.without_cells()];
        while let Some(one) = upwards.pop() {
            for partition in of(&partitions, &one) {
                if partition["parts"].split('|').any(|part| part == code(&one, partition)) {
                    upwards.push(with_code(&one, partition, &partition["whole"]));
                }
            }
            if let Some(print) = figure(&held, &partitions, &one, period) {
                all.entry(one.key(None))
                    .or_insert_with(|| one.clone())
                    .cells
                    .insert(period.clone(), vec![print]);
            }
        }
    }
    all
}

/// The partitions that hold for a series' source: one that names the source replaces those for any of the same whole.
fn of<'a>(partitions: &'a [Row], series: &Series) -> Vec<&'a Row> {
    let source = &series.codes["source"];
    let here = |row: &&Row| row["dataset"] == series.dataset;
    let replaced = |row: &Row| {
        partitions.iter().filter(here).any(|named| {
            named["source"] == *source && ["dimension", "whole"].iter().all(|at| named[*at] == row[*at])
        })
    };
    let holds = |row: &&Row| row["source"] == *source || (row["source"] == "*" && !replaced(row));
    partitions.iter().filter(here).filter(holds).collect()
}

fn code<'a>(series: &'a Series, partition: &Row) -> &'a str {
    &series.codes[partition["dimension"].as_str()]
}

fn with_code(series: &Series, partition: &Row, code: &str) -> Series {
    let mut other = series.without_cells();
    let place = other.codes.get_mut(partition["dimension"].as_str()).expect("it has the dimension");
    code.clone_into(place);
    other
}

/// What a source publishes of a cell, or else the sum over the first partition that has all of its parts.
fn figure(held: &Published, partitions: &[Row], series: &Series, period: &str) -> Option<Print> {
    if let Some(cell) = held.get(&series.key(None)).and_then(|series| series.cells.get(period)) {
        return Some(cell[0].clone());
    }
    let (begins, ends) = days(period);
    let fits = |row: &&Row| {
        code(series, row) == row["whole"]
            && (row["valid_from"].is_empty() || days(&row["valid_from"]).0 <= begins)
            && last_day(&row["valid_to"]).is_none_or(|last| ends <= last)
    };
    let sum = |partition: &Row| {
        let parts: Vec<&str> = partition["parts"].split('|').collect();
        let each = parts.iter().map(|part| with_code(series, partition, part));
        let found: Vec<Option<Print>> =
            each.clone().map(|part| figure(held, partitions, &part, period)).collect();
        let absent =
            |part: &Series| partition["absent_is_zero"] == "yes" && !mentions(held, partitions, part, period);
        let complete = found.iter().zip(each).all(|(print, part)| print.is_some() || absent(&part));
        let found: Vec<Print> = found.into_iter().flatten().collect();
        (complete && !found.is_empty()).then(|| total(&found, parts.len()))
    };
    of(partitions, series).into_iter().filter(fits).find_map(sum)
}

/// Whether a source publishes anything of a cell or its declared parts, by month too: then it is not absent.
fn mentions(held: &Published, partitions: &[Row], series: &Series, period: &str) -> bool {
    let (first, last) = days(period);
    let published = held.values().any(|other| {
        other.codes == series.codes
            && other.dataset == series.dataset
            && other.cells.keys().any(|cell| days(cell).0 >= first && days(cell).1 <= last)
    });
    let parts = of(partitions, series).into_iter().filter(|row| code(series, row) == row["whole"]);
    let mut parts =
        parts.flat_map(|row| row["parts"].split('|').map(move |part| with_code(series, row, part)));
    published || parts.any(|part| mentions(held, partitions, &part, period))
}

/// The sum of figures: the weakest of their statuses, all their documents, no note.
fn total(parts: &[Print], of: usize) -> Print {
    let weight = |print: &&Print| "APIEFB".find(print.status.as_str()).expect("it is a figure's status");
    let weakest = parts.iter().max_by_key(weight).expect("there are parts");
    let documents: BTreeSet<&str> = parts.iter().flat_map(|print| print.document.split(';')).collect();
    Print {
        document: documents.into_iter().collect::<Vec<_>>().join(";"),
        published: None,
        value: Some(parts.iter().map(|print| print.value.expect("it is a figure")).sum()),
        status: weakest.status.clone(),
        note: String::new(),
        confirms: false,
        parts: of,
    }
}
