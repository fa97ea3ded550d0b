//! Delimited text as RFC 4180 has it, with whatever stands between the fields.

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};

use super::Unreadable;
use super::lines::Lines;

/// What may stand between fields, the likelier first.
const DELIMITERS: &[u8] = b",;\t|";

/// How many records are looked at to find what stands between fields.
const SAMPLE: usize = 40;

/// The rows of a delimited text.
pub struct Delimited {
    reader: Reader<Lines>,
    line: u64,
}

impl Delimited {
    /// Finds what stands between fields where it is not given.
    pub fn new(mut lines: Lines, delimiter: Option<u8>) -> Result<Self, Unreadable> {
        let delimiter = match delimiter {
            Some(given) => usable(given)?,
            None => found(lines.peek()?),
        };
        Ok(Self { reader: builder(delimiter).from_reader(lines), line: 0 })
    }

    /// The next row; false at the end.
    pub fn next(&mut self, row: &mut StringRecord) -> Result<bool, Unreadable> {
        self.reader.get_mut().begin();
        let read = self.reader.read_record(row);
        let lines = self.reader.get_ref();
        self.line = lines.began();
        match read {
            Ok(false) => return Ok(false),
            Ok(true) => lines.check()?,
            Err(error) => return Err(fault(error, self.line)),
        }
        // The text ends within a record: either the end of its line is missing or that of a quoted field.
        let unfinished = lines.last().is_some_and(|last| last != b'"');
        if unfinished && row.iter().next_back().is_some_and(|field| field.contains(['\n', '\r'])) {
            let reason = "a quotation mark is not closed: the record goes on to the end of the file";
            return Err(Unreadable::line(self.line, &row[row.len() - 1], reason));
        }
        Ok(true)
    }

    /// The line where the last row begins.
    pub fn line(&self) -> u64 {
        self.line
    }
}

fn builder(delimiter: u8) -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).has_headers(false).flexible(true).buffer_capacity(64 << 10);
    builder
}

fn usable(delimiter: u8) -> Result<u8, Unreadable> {
    if delimiter.is_ascii() && !matches!(delimiter, b'"' | b'\r' | b'\n' | 0) {
        return Ok(delimiter);
    }
    let reason = "the option `delimiter` must be one ASCII character and no quotation mark or end of line";
    Err(Unreadable::file(reason))
}

/// That by which most of the first records have equally many fields, and among these the one of most fields.
fn found(head: &str) -> u8 {
    let score = |delimiter: &u8| agreement(head, *delimiter);
    let best = DELIMITERS.iter().rev().max_by_key(|delimiter| score(delimiter));
    best.copied().unwrap_or(b',')
}

/// How many of the first records have the commonest number of fields over one, and that number.
fn agreement(head: &str, delimiter: u8) -> (usize, usize) {
    let mut reader = builder(delimiter).from_reader(head.as_bytes());
    let mut lengths: Vec<usize> = Vec::new();
    let mut row = StringRecord::new();
    while lengths.len() < SAMPLE && reader.read_record(&mut row).is_ok_and(|more| more) {
        lengths.push(row.len());
    }
    let alike = |length: usize| lengths.iter().filter(|other| **other == length).count();
    lengths
        .iter()
        .filter(|length| **length > 1)
        .map(|length| (alike(*length), *length))
        .max()
        .unwrap_or((0, 0))
}

fn fault(error: csv::Error, line: u64) -> Unreadable {
    match error.into_kind() {
        ErrorKind::Io(error) => match error.downcast::<Unreadable>() {
            Ok(fault) => fault,
            Err(error) => Unreadable::line(line, "", error.to_string()),
        },
        kind => Unreadable::line(line, "", format!("the record cannot be read: {kind:?}")),
    }
}
