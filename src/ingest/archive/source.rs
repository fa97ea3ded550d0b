//! A file of an export while it is read.

use std::fs::File;
use std::path::Path;

use csv::{Reader, ReaderBuilder, StringRecord};

use super::folder::failed;
use super::manifest::Manifest;
use crate::error::{Error, Result};

/// How much of a file is read at once.
const BUFFER: usize = 1 << 18;

/// A file with the columns that it must have.
pub(super) struct Source {
    reader: Reader<File>,
    path: String,
    record: StringRecord,
    rows: u64,
    listed: u64,
}

impl Source {
    /// Opens a file and compares its header.
    pub(super) fn open((folder, manifest): (&Path, &Manifest), path: &str, columns: &[&str]) -> Result<Self> {
        let listed = manifest.listed(path)?.rows;
        let place = folder.join(path);
        let file = File::open(&place).map_err(failed("read", &place))?;
        let reader = ReaderBuilder::new().buffer_capacity(BUFFER).from_reader(file);
        let mut source = Self { reader, path: path.to_owned(), record: StringRecord::new(), rows: 0, listed };
        let header = match source.reader.headers() {
            Ok(header) => header.clone(),
            Err(error) => return Err(source.fault(&error.to_string())),
        };
        check_columns(path, &header.iter().collect::<Vec<_>>(), columns)?;
        Ok(source)
    }

    /// Goes to the next row; there may be none.
    pub(super) fn advance(&mut self) -> Result<bool> {
        let there = self
            .reader
            .read_record(&mut self.record)
            .map_err(|error| Error::Startup(format!("the export is damaged: {}: {error}", self.path)))?;
        self.rows += u64::from(there);
        if there || self.rows == self.listed {
            return Ok(there);
        }
        Err(self.fault(&format!("{} rows, where export.toml lists {}", self.rows, self.listed)))
    }

    /// The fields of the row.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.record.iter()
    }

    /// A field of the row, by the place of its column.
    pub(super) fn field(&self, at: usize) -> &str {
        self.record.get(at).unwrap_or_default()
    }

    /// What is wrong with the row.
    pub(super) fn fault(&self, what: &str) -> Error {
        let line = self.record.position().map_or(1, csv::Position::line);
        Error::Startup(format!("the export is damaged: {}, line {line}: {what}", self.path))
    }
}

fn check_columns(path: &str, found: &[&str], expected: &[&str]) -> Result<()> {
    let beyond = |these: &[&str], those: &[&str]| {
        these.iter().filter(|column| !those.contains(column)).copied().collect::<Vec<_>>().join(", ")
    };
    let (unknown, missing) = (beyond(found, expected), beyond(expected, found));
    let what = if !unknown.is_empty() {
        format!("columns that this program does not know ({unknown}): it was made by another version")
    } else if !missing.is_empty() {
        format!("not the columns {missing}: it was made by another version")
    } else if found != expected {
        "its columns in another order".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::Startup(format!(
        "{path} of the export has {what}; take it in with the version in export.toml"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_columns_are_named() {
        let said = |found: &[&str]| check_columns("a.csv", found, &["id", "name"]).map_err(|e| e.to_string());
        assert_eq!(said(&["id", "name"]), Ok(()));
        assert!(said(&["id", "name", "colour"]).unwrap_err().contains("does not know (colour)"));
        assert!(said(&["id"]).unwrap_err().contains("not the columns name"));
        assert!(said(&["name", "id"]).unwrap_err().contains("another order"));
    }
}
