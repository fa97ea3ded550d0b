//! A table of an export, and how one is declared.

/// A table that becomes a file, row by row and column by column.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The path of its file.
    pub path: &'static str,
    /// Its columns, in the order of the file.
    pub columns: &'static [&'static str],
    /// The statement that reads it, as lines of text.
    pub(super) read: &'static str,
    /// The statement that takes lines of text in. It writes ids as they are given, also where the database would make them.
    pub(super) write: &'static str,
}

impl Table {
    /// Whether its rows are records, which belong to releases.
    pub fn is_of_records(&self) -> bool {
        self.columns.contains(&"superseded_by") && self.name != "release"
    }
}

/// A table by its name, path, order and columns, with the rows that are written.
macro_rules! table {
    ($name:literal, $path:expr, $order:expr, [$first:literal $(, $column:literal)* $(,)?]) => {
        table!($name, $path, $order, [$first $(, $column)*], "true")
    };
    ($name:literal, $path:expr, $order:expr, [$first:literal $(, $column:literal)* $(,)?], $which:literal) => {
        Table {
            name: $name,
            path: $path,
            columns: &[$first $(, $column)*],
            read: concat!(
                "COPY (SELECT \"", $first, "\"", $(", \"", $column, "\"",)* " FROM ", $name, " WHERE ", $which,
                " ORDER BY ", $order, ") TO STDOUT"
            ),
            write: concat!("COPY ", $name, " (\"", $first, "\"", $(", \"", $column, "\"",)* ") FROM STDIN"),
        }
    };
}

/// A table of records: its rows belong to releases.
macro_rules! records {
    ($name:literal, $order:literal, [$($column:literal),* $(,)?]) => {
        table!(
            $name,
            concat!("records/", $name, ".csv"),
            concat!($order, ", release_id"),
            [$($column,)* "release_id", "superseded_by"]
        )
    };
}

pub(super) use {records, table};
