//! An archive: all that the database holds as a folder of CSV, and the way back to the same state, vintages included. Since it
//! names nothing of PostgreSQL's own, it is also the way from one major version of PostgreSQL to the next.
//!
//! | file | a row |
//! |---|---|
//! | `export.toml` | the form of the files, what made them, and of each file its rows and SHA-256 |
//! | `collections.csv`, `imports.csv`, `releases.csv`, `changes.csv` | as in the table |
//! | `records/*.csv` | a record or code as in its table, those that no longer count too |
//! | `series/DATASET.csv` | a series: its key, its codes, the last release that changed a figure, how many statements follow |
//! | `observations/DATASET.csv` | a statement: what one release says of one period of a series, restatements and confirmations too |
//!
//! The statements of a series stand together, by period and in the order of [`crate::timeseries::overlay`]; series stand in
//! the order of the group key and source, in both files. Columns that hold lists, ranges, days and bytes have them as
//! PostgreSQL prints them; values are exact decimals.
//!
//! A field without anything is a null. A text that a spreadsheet would take for a formula gets a leading apostrophe, as
//! [`crate::spreadsheet`] has it, and an empty text is a lone apostrophe: whoever reads a field takes one away.
//!
//! `export` writes, from one snapshot; `tables` lists what is written as it stands, `shape` and `series` what the files of a
//! dataset are made of, `folder` is the folder until it is whole. `restore` takes in; `source` reads a file, `gather` makes
//! cells of statements. What follows from the rest is not written but made anew: the current figures, the rollups.

mod cell;
mod export;
mod folder;
mod gather;
mod manifest;
mod restore;
mod series;
mod shape;
mod source;
mod statement;
mod table;
mod tables;

pub use export::export;
pub use restore::restore;
pub(super) use restore::set_ids;
pub use table::Table;
pub use tables::TABLES;

/// Every other table, and the columns that those leave out, with what becomes of it.
pub const ELSEWHERE: [(&str, &str); 13] = [
    ("collection.has_notes", "noted as notes are written"),
    ("series_code", "noted as series are written"),
    ("series", "series/*.csv, and how far the statements reach"),
    ("observation_chunk", "made of the statements in observations/*.csv"),
    ("observation_history", "made of the statements in observations/*.csv"),
    ("observation_restatement", "made of the statements in observations/*.csv"),
    ("observation_note", "the notes in observations/*.csv"),
    ("rollup", "made anew"),
    ("rollup_series", "made anew"),
    ("rollup_code", "made anew"),
    ("rollup_chunk", "made anew"),
    ("rollup_period", "made anew"),
    ("_sqlx_migrations", "the program's own; export.toml names the newest"),
];

/// What was written or taken in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Datasets, those that are gone too.
    pub datasets: u64,
    /// Releases, those that no longer count too.
    pub releases: u64,
    /// Rows of record tables.
    pub records: u64,
    /// What releases say of periods of series, restatements and confirmations included.
    pub statements: u64,
}

impl Summary {
    fn count(&mut self, table: &Table, rows: u64) {
        if table.name == "release" {
            self.releases += rows;
        } else if table.is_of_records() {
            self.records += rows;
        }
    }
}
