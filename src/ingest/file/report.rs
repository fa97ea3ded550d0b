//! What came of reading a file: faults, warnings and counts, as they are shown and kept.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many faults, and how many warnings, are listed; all are counted.
pub const LISTED: usize = 1_000;

/// One thing that a file gets wrong, or that deserves a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportFault {
    /// What it is, as one word for programs.
    pub code: FaultKind,
    /// The sheet of a workbook; null where the file has none.
    pub sheet: Option<String>,
    /// The line of the file or row of the sheet, counted from 1; 0 where it is of the whole file.
    pub line: u64,
    /// The column by its header; empty where the whole row is.
    pub column: String,
    /// The value as found, cut after 200 characters.
    pub value: String,
    /// What is wrong. Flags that it names are parameters of a request under the same name: `--add-codes` is `add_codes`.
    pub reason: String,
    /// What was expected instead: values, or a description of their form.
    pub expected: Vec<String>,
}

/// What a fault or warning is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportFaultKind)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The file cannot be read on.
    Unreadable,
    /// How the file is to be read is not known or contradicts itself.
    Mapping,
    /// A column that fits no dimension and no fact.
    UnknownColumn,
    /// A row that is shorter or longer than the header.
    RowLength,
    /// A code or name that no list has.
    UnknownCode,
    /// A code that contradicts another of its row.
    Contradiction,
    /// No period, or one of a frequency that the dataset does not have.
    Period,
    /// No number, or one that cannot be stored exactly.
    Value,
    /// No status, or one that contradicts the value.
    Status,
    /// A row that repeats another.
    Duplicate,
    /// A step from one figure to the next that is too large to be believed.
    Jump,
    /// A whole that is not the sum of its declared parts.
    Sum,
    /// What the file is, or who it is from, is not said or stands otherwise already.
    Document,
}

/// Faults or warnings: the first thousand of them, and how many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportFaults)]
pub struct Faults {
    /// How many there are.
    pub count: u64,
    /// The first thousand, in the order of the file.
    pub listed: Vec<ImportFault>,
}

impl Faults {
    /// Keeps one more.
    pub fn add(&mut self, fault: ImportFault) {
        self.count += 1;
        if self.listed.len() < LISTED {
            self.listed.push(fault);
        }
    }
}

/// What came of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportReport)]
pub struct Report {
    /// The form in which the file was recognised, `guessed` where its mapping was made from its headers, `given` where it was given.
    pub recognised: String,
    /// The mapping that it was read by, as TOML that can be given again.
    pub mapping: String,
    /// Rows read, header and titles apart.
    pub rows_read: u64,
    /// Rows passed over, as the mapping says or because they state no figure.
    pub rows_passed_over: u64,
    /// Rows left out because of a fault, where that was asked for, or because the mapping says so.
    pub rows_left_out: u64,
    /// Figures taken in, or, of a dry run, that would be.
    pub observations: u64,
    /// The series that they are of.
    pub series: u64,
    /// Codes and sources added to the lists, as `dimension:code`.
    pub added: Vec<String>,
    /// The releases that it made, in their order.
    pub releases: Vec<i32>,
    /// The datasets that it changed.
    pub datasets: Vec<String>,
    /// Whether reading ended before the file did: then nothing of it is taken in, whatever was to be left out.
    #[serde(default)]
    #[schema(required)]
    pub is_broken: bool,
    /// What kept it from being taken in; with faults nothing is, unless what is faulty was to be left out.
    pub faults: Faults,
    /// What deserves a look.
    pub warnings: Faults,
}
