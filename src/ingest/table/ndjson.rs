//! Lines that are JSON objects: the keys of the first are the header.

use csv::StringRecord;
use serde_json::value::RawValue;

use super::Unreadable;
use super::lines::Lines;

/// A text of one object a line.
pub struct Ndjson {
    lines: Lines,
    keys: Vec<String>,
    /// The first object, given out behind the header.
    first: Option<StringRecord>,
    line: u64,
}

impl Ndjson {
    /// Nothing is read yet.
    pub const fn new(lines: Lines) -> Self {
        Self { lines, keys: Vec::new(), first: None, line: 0 }
    }

    /// The header, then an object a row; false at the end.
    pub fn next(&mut self, row: &mut StringRecord) -> Result<bool, Unreadable> {
        if let Some(first) = self.first.take() {
            *row = first;
            return Ok(true);
        }
        loop {
            let Some(text) = self.next_line()? else { return Ok(false) };
            if text.trim().is_empty() {
                continue;
            }
            let fields = fields(&text, self.line)?;
            if self.keys.is_empty() {
                self.keys = fields.iter().map(|(key, _)| key.clone()).collect();
                let values: Vec<&str> = fields.iter().map(|(_, value)| value.as_str()).collect();
                self.first = Some(StringRecord::from(values));
                *row = StringRecord::from(self.keys.clone());
                return Ok(true);
            }
            if let Some((key, _)) = fields.iter().find(|(key, _)| !self.keys.contains(key)) {
                return Err(Unreadable::line(self.line, key, "the first object has no such key"));
            }
            row.clear();
            for key in &self.keys {
                row.push_field(
                    fields.iter().find(|(one, _)| one == key).map_or("", |(_, value)| value.as_str()),
                );
            }
            return Ok(true);
        }
    }

    fn next_line(&mut self) -> Result<Option<String>, Unreadable> {
        self.lines.begin();
        let (mut text, mut room) = (Vec::new(), [0; 4_096]);
        loop {
            let taken = self.lines.take(&mut room)?;
            text.extend_from_slice(&room[..taken]);
            if taken == 0 || matches!(text.last(), Some(b'\n' | b'\r')) {
                break;
            }
        }
        self.line = self.lines.began();
        if text.is_empty() {
            return Ok(None);
        }
        let valid = String::from_utf8(text);
        valid.map(Some).map_err(|error| Unreadable::line(self.line, "", error.to_string()))
    }

    /// The line that was read last, from 1.
    pub const fn line(&self) -> u64 {
        self.line
    }
}

/// Keys and values in the order of the object; numbers as they are written.
fn fields(text: &str, line: u64) -> Result<Vec<(String, String)>, Unreadable> {
    let wrong =
        |error: serde_json::Error| Unreadable::line(line, text, format!("is no JSON object: {error}"));
    let object: indexmap::IndexMap<String, Box<RawValue>> = serde_json::from_str(text).map_err(wrong)?;
    object
        .into_iter()
        .map(|(key, raw)| {
            let value = match raw.get().as_bytes().first() {
                Some(b'"') => serde_json::from_str(raw.get()).map_err(wrong)?,
                Some(b'n') => String::new(),
                Some(b'{' | b'[') => {
                    return Err(Unreadable::line(
                        line,
                        &key,
                        "holds nested values; each value is a text, a number or null",
                    ));
                }
                _ => raw.get().to_owned(),
            };
            Ok((key, value))
        })
        .collect()
}
