//! A text line by line, with the bounds of a record.
//!
//! Whoever reads from here is handed one line at a time, so that it never holds more than its record: where a record begins
//! and how long it is are then known exactly, and a record without an end is not read to the end of the file.

use std::io::{self, Read};

use super::text::Text;
use super::{LONGEST_RECORD, Unreadable};

/// The lines of a text. They end at LF, CR LF or CR.
pub struct Lines {
    text: Text,
    /// How many lines have begun.
    line: u64,
    /// The last byte handed out.
    last: u8,
    /// Where the record begins; 0 where it has not yet.
    began: u64,
    /// The bytes handed out since the record was asked for.
    taken: usize,
    ended: bool,
}

impl Lines {
    /// From the first line on.
    pub fn new(text: Text) -> Self {
        Self { text, line: 0, last: b'\n', began: 0, taken: 0, ended: false }
    }

    /// The first lines, before any is read.
    pub fn peek(&mut self) -> Result<&str, Unreadable> {
        self.text.peek()
    }

    /// Says that the next record is asked for.
    pub fn begin(&mut self) {
        self.began = 0;
        self.taken = 0;
    }

    /// The line where the record begins.
    pub fn began(&self) -> u64 {
        if self.began == 0 { self.line } else { self.began }
    }

    /// The last byte of the text, once it has ended.
    pub fn last(&self) -> Option<u8> {
        self.ended.then_some(self.last)
    }

    /// Refuses a record that is too long.
    pub fn check(&self) -> Result<(), Unreadable> {
        if self.taken <= LONGEST_RECORD {
            return Ok(());
        }
        let reason = "the record is longer than 1 MiB; if it should not be, look for a quotation mark \
                      that is not closed";
        Err(Unreadable::line(self.began(), "", reason))
    }

    /// Copies as much as there is room for of what is left of a line; nothing is the end.
    pub fn take(&mut self, room: &mut [u8]) -> Result<usize, Unreadable> {
        self.check()?;
        let text = self.text.fill().map_err(|fault| {
            // A fault that nothing of its line comes before is the next line's.
            fault.at(self.line + u64::from(matches!(self.last, b'\n' | b'\r')))
        })?;
        let Some(&first) = text.first() else {
            self.ended = true;
            return Ok(0);
        };
        let text = &text[..text.len().min(room.len())];
        let taken = memchr::memchr2(b'\n', b'\r', text).map_or(text.len(), |end| end + 1);
        room[..taken].copy_from_slice(&text[..taken]);
        self.line += u64::from(self.last == b'\n' || self.last == b'\r' && first != b'\n');
        if self.began == 0 && !matches!(first, b'\n' | b'\r') {
            self.began = self.line;
        }
        self.last = text[taken - 1];
        self.taken += taken;
        self.text.consume(taken);
        Ok(taken)
    }
}

impl Read for Lines {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.take(room).map_err(io::Error::other)
    }
}
