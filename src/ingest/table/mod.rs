//! An owner's own file as rows of text: delimited text, lines of JSON or a workbook, plain or packed.
//!
//! What a file is shows in its content, never in its name. `bytes` reads it and unpacks it, `text` makes valid UTF-8 of that,
//! `lines` hands it on line by line and counts; `delimited` and `ndjson` make rows of lines. A workbook is looked at by
//! `archive` before it is parsed and then read by `workbook`. `kind` tells what a file is.
//!
//! Whatever a file holds, memory stays bounded: no part of it is kept but the row that is read, or the cells of a sheet.

mod archive;
mod bytes;
mod delimited;
mod kind;
mod lines;
mod ndjson;
mod text;
mod workbook;

use std::path::Path;

use csv::StringRecord;

use bytes::{Bytes, Consumed};
use delimited::Delimited;
use kind::Kind;
use lines::Lines;
use ndjson::Ndjson;
use text::Text;
pub use text::encoding;
use workbook::Workbook;

/// The most bytes that a record may take in its file.
const LONGEST_RECORD: usize = 1 << 20;

/// The most bytes that a field may hold.
const LONGEST_FIELD: usize = 64 << 10;

/// How a file is to be read, where its content does not say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The encoding of a text, by its label (`gb18030`, `big5`). None is what its byte order mark says, else UTF-8.
    pub encoding: Option<String>,
    /// What stands between the fields of a delimited text. None is what its first lines show.
    pub delimiter: Option<u8>,
    /// The name of the sheet of a workbook. None is the first visible one.
    pub sheet: Option<String>,
}

/// What a file is, unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Delimited text.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// A workbook.
    Xlsx,
}

/// Why a file cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Unreadable {
    /// Where; 0 where it is the whole file's.
    pub line: u64,
    /// What stands there, shortened; empty where that says nothing.
    pub value: String,
    /// What is wrong with it, and what would be right.
    pub reason: String,
}

impl Unreadable {
    /// A fault of the whole file.
    fn file(reason: impl Into<String>) -> Self {
        Self { line: 0, value: String::new(), reason: reason.into() }
    }

    /// A fault of one line.
    fn line(line: u64, value: &str, reason: impl Into<String>) -> Self {
        Self { line, value: shortened(value), reason: reason.into() }
    }

    /// The same, found while the line was read.
    fn at(mut self, line: u64) -> Self {
        self.line = line;
        self
    }
}

/// Enough of a text to know it by.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A file that is being read.
pub struct Table {
    rows: Rows,
    consumed: Consumed,
    /// What ended reading; told again to who asks again.
    fault: Option<Unreadable>,
}

/// The rows of each form.
enum Rows {
    Delimited(Delimited),
    Ndjson(Ndjson),
    Workbook(Workbook),
}

impl Table {
    /// Opens a file. Form and packing are known by content (magic bytes), not by the name. Blocking.
    pub fn open(path: &Path, options: &Options) -> Result<Self, Unreadable> {
        let (mut bytes, consumed) = Bytes::open(path)?;
        let kind = Kind::of_bytes(bytes.peek()?)?;
        let rows = match kind {
            Kind::Workbook => {
                Rows::Workbook(Workbook::open(path, bytes, &consumed, options.sheet.as_deref())?)
            }
            Kind::Text => Self::text(bytes, options)?,
        };
        Ok(Self { rows, consumed, fault: None })
    }

    fn text(bytes: Bytes, options: &Options) -> Result<Rows, Unreadable> {
        let mut lines = Lines::new(Text::new(bytes, options.encoding.as_deref())?);
        match kind::of_text(lines.peek()?)? {
            Form::Ndjson => Ok(Rows::Ndjson(Ndjson::new(lines))),
            _ => Ok(Rows::Delimited(Delimited::new(lines, options.delimiter)?)),
        }
    }

    /// What the file is.
    pub fn form(&self) -> Form {
        match self.rows {
            Rows::Delimited(_) => Form::Csv,
            Rows::Ndjson(_) => Form::Ndjson,
            Rows::Workbook(_) => Form::Xlsx,
        }
    }

    /// The name of the sheet that is read; none where the file is no workbook.
    pub fn sheet(&self) -> Option<&str> {
        match &self.rows {
            Rows::Workbook(rows) => Some(rows.sheet()),
            _ => None,
        }
    }

    /// The names of all sheets of a workbook, in its order; empty where the file is none.
    pub fn sheets(&self) -> &[String] {
        match &self.rows {
            Rows::Workbook(rows) => rows.sheets(),
            _ => &[],
        }
    }

    /// The next row as it stands, title and header rows included; false at the end. Rows of only empty fields are passed over.
    pub fn next(&mut self, row: &mut StringRecord) -> Result<bool, Unreadable> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let read = self.advance(row);
        if let Err(fault) = &read {
            self.fault = Some(fault.clone());
        }
        read
    }

    fn advance(&mut self, row: &mut StringRecord) -> Result<bool, Unreadable> {
        loop {
            let more = match &mut self.rows {
                Rows::Delimited(rows) => rows.next(row)?,
                Rows::Ndjson(rows) => rows.next(row)?,
                Rows::Workbook(rows) => rows.next(row),
            };
            if !more {
                return Ok(false);
            }
            self.check(row)?;
            if !row.as_slice().is_empty() {
                return Ok(true);
            }
        }
    }

    /// Refuses a row or a field that is too long.
    fn check(&self, row: &StringRecord) -> Result<(), Unreadable> {
        if row.as_slice().len() <= LONGEST_FIELD {
            return Ok(());
        }
        if row.as_slice().len() > LONGEST_RECORD {
            return Err(Unreadable::line(self.line(), "", "the row holds more than 1 MiB"));
        }
        match row.iter().find(|field| field.len() > LONGEST_FIELD) {
            Some(field) => {
                let reason = format!("the field holds {} bytes; at most 64 KiB are taken", field.len());
                Err(Unreadable::line(self.line(), field, reason))
            }
            None => Ok(()),
        }
    }

    /// Where the last row begins: its line in a text, its row in a sheet, from 1; 0 before the first.
    pub fn line(&self) -> u64 {
        match &self.rows {
            Rows::Delimited(rows) => rows.line(),
            Rows::Ndjson(rows) => rows.line(),
            Rows::Workbook(rows) => rows.line(),
        }
    }

    /// How many bytes of the file as stored have been read, for a progress bar.
    pub fn consumed(&self) -> u64 {
        self.consumed.bytes()
    }
}

#[cfg(test)]
mod tests;
