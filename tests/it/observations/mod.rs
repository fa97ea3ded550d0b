//! The time-series endpoints: every figure, every way to ask, every fault.

mod answers;
mod caching;
mod faults;
mod forms;
mod grouping;
mod limits;
pub mod pages;
mod parts;
mod published;
mod ranking;
mod selecting;
mod series;
pub mod whole;

use std::collections::BTreeSet;

use serde_json::Value;

/// What stands in one field of some rows, each once.
fn each<'a>(rows: &'a [Value], field: &str) -> BTreeSet<&'a str> {
    rows.iter().map(|row| row[field].as_str().unwrap_or_else(|| panic!("{field} of {row}"))).collect()
}

/// Period and value of each row.
fn figures(rows: &[Value]) -> Vec<(&str, i64)> {
    rows.iter().map(|row| (row["period"].as_str().unwrap(), row["value"].as_i64().unwrap())).collect()
}
