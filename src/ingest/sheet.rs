//! A data file as rows of named columns, and the faults found in it: reading goes on after a fault, so that all of them come
//! out together. A field at fault is read as empty; what was read counts only if nothing was at fault.

use std::cell::RefCell;

use csv::StringRecord;

use super::files::Files;
use crate::error::{DataFault, Error, Result};

/// The faults of all files.
#[derive(Debug, Default)]
pub struct Faults(RefCell<Vec<DataFault>>);

impl Faults {
    /// Keeps one more.
    pub fn add(&self, fault: DataFault) {
        self.0.borrow_mut().push(fault);
    }

    /// Keeps a fault of a whole file.
    pub fn file(&self, file: &str, value: &str, reason: impl Into<String>) {
        let (file, value) = (file.to_owned(), value.to_owned());
        self.add(DataFault { file, line: 0, column: String::new(), value, reason: reason.into() });
    }

    /// All of them as one error, by file and line.
    pub fn finish(self) -> Result<()> {
        let mut all = self.0.into_inner();
        all.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        if all.is_empty() { Ok(()) } else { Err(Error::Data(all)) }
    }
}

/// One file.
pub struct Sheet<'a> {
    file: String,
    header: StringRecord,
    records: Vec<StringRecord>,
    faults: &'a Faults,
}

impl<'a> Sheet<'a> {
    /// Reads the file at `path`, which must have exactly these columns, in any order.
    pub fn read(files: &Files, path: &str, columns: &[&str], faults: &'a Faults) -> Self {
        let mut sheet =
            Self { file: path.to_owned(), header: StringRecord::new(), records: Vec::new(), faults };
        let Some(text) = files.text(path) else {
            faults.file(path, "", "the file is missing");
            return sheet;
        };
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
        for record in reader.records() {
            match record {
                Ok(record) if sheet.header.is_empty() => sheet.header = record,
                Ok(record) => sheet.records.push(record),
                Err(error) => faults.file(path, "", error.to_string()),
            }
        }
        sheet.check_columns(columns);
        sheet.check_shape();
        sheet
    }

    fn check_columns(&self, columns: &[&str]) {
        let fault = |column: &str, reason: String| {
            let (file, column) = (self.file.clone(), column.to_owned());
            self.faults.add(DataFault { file, line: 1, value: column.clone(), column, reason });
        };
        for (at, found) in self.header.iter().enumerate() {
            if !columns.contains(&found) {
                fault(found, format!("is not a column of this file; expected {}", columns.join(", ")));
            } else if self.header.iter().take(at).any(|earlier| earlier == found) {
                fault(found, "the column stands twice".to_owned());
            }
        }
        for wanted in columns.iter().filter(|wanted| !self.header.iter().any(|found| found == **wanted)) {
            fault(wanted, "the column is missing".to_owned());
        }
    }

    /// Refuses rows that are too short or too long, and what no database takes.
    fn check_shape(&self) {
        for row in self.rows() {
            let (found, expected) = (row.record.len(), self.header.len());
            if found != expected {
                row.fault("", format!("the row has {found} fields, the header {expected}"));
            }
            for (column, value) in self.header.iter().zip(row.record) {
                if value.contains('\0') {
                    row.fault(column, "holds a NUL character");
                } else if value.len() > 4000 {
                    row.fault(column, "is longer than 4,000 bytes");
                }
            }
        }
    }

    /// Its rows, from the first below the header.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.records.iter().map(|record| Row { sheet: self, record })
    }
}

/// One row.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    sheet: &'a Sheet<'a>,
    record: &'a StringRecord,
}

impl<'a> Row<'a> {
    /// The field as it stands; empty where the column is missing.
    pub fn text(&self, column: &str) -> &'a str {
        let at = self.sheet.header.iter().position(|name| name == column);
        at.and_then(|at| self.record.get(at)).unwrap_or_default()
    }

    /// Says what is wrong with a field, or with the whole row where `column` is empty.
    pub fn fault(&self, column: &str, reason: impl Into<String>) {
        self.value_fault(column, self.text(column), reason);
    }

    /// Says what is wrong with one value of a field that lists several. A column that is missing was told of once and for all.
    pub fn value_fault(&self, column: &str, value: &str, reason: impl Into<String>) {
        if !column.is_empty() && !self.sheet.header.iter().any(|name| name == column) {
            return;
        }
        self.sheet.faults.add(DataFault {
            file: self.sheet.file.clone(),
            line: self.record.position().map_or(0, csv::Position::line),
            column: column.to_owned(),
            value: value.chars().take(200).collect(),
            reason: reason.into(),
        });
    }
}
