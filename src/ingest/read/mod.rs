//! One reader for each kind of file: which columns it has, what they must be, and which records they make.

pub mod codes;
mod contradictions;
pub mod credits;
pub mod datasets;
pub mod events;
pub mod observations;
pub mod organizations;
pub mod partnerships;
pub mod sources;
pub mod subsidies;

use std::collections::HashMap;

use super::files::Files;
use super::sheet::{Faults, Row, Sheet};
use crate::timeseries::key::Dimension;

/// Every file, split into rows. The observations are split by their own reader.
pub struct Sheets<'a> {
    /// The files themselves.
    pub files: &'a Files,
    /// Where faults are kept.
    pub faults: &'a Faults,
    /// The code lists, but for `source`, whose codes are the sources.
    pub codes: Vec<(Dimension, Sheet<'a>)>,
    /// Which parts make a whole.
    pub partitions: Sheet<'a>,
    /// Which source answers by default.
    pub precedence: Sheet<'a>,
    /// Publishers.
    pub sources: Sheet<'a>,
    /// Pages and files.
    pub documents: Sheet<'a>,
    /// Carmakers, groups, investors.
    pub organizations: Sheet<'a>,
    /// Joint ventures, stakes, alliances.
    pub partnerships: Sheet<'a>,
    /// Who takes part in them.
    pub members: Sheet<'a>,
    /// Dated events.
    pub events: Sheet<'a>,
    /// Schemes, taxes, quotas.
    pub instruments: Sheet<'a>,
    /// Computable rules.
    pub rules: Sheet<'a>,
}

impl<'a> Sheets<'a> {
    /// Splits the files and checks their columns.
    pub fn read(files: &'a Files, faults: &'a Faults) -> Self {
        let sheet = |path: &str, columns: &[&str]| Sheet::read(files, path, columns, faults);
        Self {
            files,
            faults,
            codes: codes::sheets(files, faults),
            partitions: sheet("codes/partitions.csv", datasets::PARTITIONS),
            precedence: sheet("codes/precedence.csv", datasets::PRECEDENCE),
            sources: sheet("sources.csv", sources::SOURCES),
            documents: sheet("documents.csv", sources::DOCUMENTS),
            organizations: sheet("partnerships/organizations.csv", organizations::COLUMNS),
            partnerships: sheet("partnerships/partnerships.csv", partnerships::PARTNERSHIPS),
            members: sheet("partnerships/members.csv", partnerships::MEMBERS),
            events: sheet("partnerships/events.csv", events::COLUMNS),
            instruments: sheet("subsidies/instruments.csv", subsidies::INSTRUMENTS),
            rules: sheet("subsidies/rules.csv", subsidies::RULES),
        }
    }
}

/// Refuses parents that do not exist and rows that are their own ancestors.
fn check_parents(sheet: &Sheet<'_>, id: &str, parent: &str) {
    let parents: HashMap<&str, &str> = sheet.rows().map(|row| (row.text(id), row.text(parent))).collect();
    for row in sheet.rows().filter(|row| !row.text(parent).is_empty()) {
        if !parents.contains_key(row.text(parent)) {
            row.fault(parent, "there is no such row to be the parent");
            continue;
        }
        let ancestors = std::iter::successors(parents.get(row.text(id)), |above| parents.get(**above));
        if ancestors.take(parents.len() + 1).any(|above| *above == row.text(id)) {
            row.fault(parent, "the row is its own ancestor");
        }
    }
}

/// Counts rows apart for each value of a column, from 1.
#[derive(Default)]
struct Positions<'a>(HashMap<&'a str, i32>);

impl<'a> Positions<'a> {
    fn next(&mut self, row: &Row<'a>, column: &str) -> i32 {
        let position = self.0.entry(row.text(column)).or_default();
        *position += 1;
        *position
    }
}
