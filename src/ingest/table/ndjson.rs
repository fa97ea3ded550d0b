//! One JSON object a line. The first one says what the columns are.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use csv::StringRecord;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Unreadable;
use super::lines::Lines;

/// The rows of a text of JSON objects.
pub struct Ndjson {
    lines: Lines,
    /// What is taken from the lines at once.
    block: Box<[u8]>,
    /// The line that was read last, and where it stands.
    text: Vec<u8>,
    line: u64,
    columns: Columns,
    /// Whether only the header was made of the line so far.
    pending: bool,
}

impl Ndjson {
    /// Before the first object.
    pub fn new(lines: Lines) -> Self {
        let block = vec![0; 64 << 10].into_boxed_slice();
        Self { lines, block, text: Vec::new(), line: 0, columns: Columns::default(), pending: false }
    }

    /// The next row, the names of the columns first; false at the end.
    pub fn next(&mut self, row: &mut StringRecord) -> Result<bool, Unreadable> {
        row.clear();
        if !self.pending && !self.advance()? {
            return Ok(false);
        }
        let line = self.line;
        let text =
            str::from_utf8(&self.text).map_err(|error| Unreadable::line(line, "", error.to_string()))?;
        self.pending = self.columns.names.is_empty();
        if self.pending {
            self.columns.name(text).map_err(|fault| fault.at(line))?;
            self.columns.names.iter().for_each(|name| row.push_field(name));
        } else {
            self.columns.read(text, row).map_err(|fault| fault.at(line))?;
        }
        Ok(true)
    }

    /// The line of the last row.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Reads the next line that is not blank.
    fn advance(&mut self) -> Result<bool, Unreadable> {
        loop {
            self.text.clear();
            self.lines.begin();
            while !self.text.ends_with(b"\n") {
                let taken = self.lines.take(&mut self.block)?;
                if taken == 0 {
                    break;
                }
                self.text.extend_from_slice(&self.block[..taken]);
            }
            if self.text.is_empty() {
                return Ok(false);
            }
            self.line = self.lines.began();
            self.lines.check()?;
            if !self.text.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }
}

/// The columns that the first object names.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    places: HashMap<String, usize>,
    /// Where the value of each column stands in the text of an object; nowhere where it has none.
    values: Vec<Range<usize>>,
}

impl Columns {
    /// Takes the names of the columns.
    fn name(&mut self, text: &str) -> Result<(), Unreadable> {
        members(text, |key, value| {
            content(key, value)?;
            if key.is_empty() || key.contains('\0') {
                return Err(fault(key, "a key must not be empty and must hold no NUL character"));
            }
            if self.places.insert(key.to_owned(), self.names.len()).is_some() {
                return Err(fault(key, REPEATED));
            }
            self.names.push(key.to_owned());
            Ok(())
        })?;
        if self.names.is_empty() {
            return Err(fault(text, "the first object has no keys; they name the columns"));
        }
        Ok(())
    }

    /// Makes a row of an object, in the order of the columns.
    fn read(&mut self, text: &str, row: &mut StringRecord) -> Result<(), Unreadable> {
        let Self { names, places, values } = self;
        values.clear();
        values.resize(names.len(), 0..0);
        // Keys nearly always come in the order of the first object, so most are found without looking them up.
        let mut likely = 0;
        members(text, |key, value| {
            let place = match names.get(likely) {
                Some(name) if name == key => likely,
                _ => *places.get(key).ok_or_else(|| fault(key, "the first object has no such key"))?,
            };
            if !values[place].is_empty() {
                return Err(fault(key, REPEATED));
            }
            let start = value.get().as_ptr().addr() - text.as_ptr().addr();
            values[place] = start..start + value.get().len();
            likely = place + 1;
            Ok(())
        })?;
        for (name, value) in names.iter().zip(values) {
            match &text[value.clone()] {
                "" => row.push_field(""),
                raw => row.push_field(&written(name, raw)?),
            }
        }
        Ok(())
    }
}

const REPEATED: &str = "the object has this key twice";

fn fault(value: &str, reason: &str) -> Unreadable {
    Unreadable::line(0, value, reason)
}

/// Refuses what no field can hold.
fn content(key: &str, value: &RawValue) -> Result<(), Unreadable> {
    written(key, value.get()).map(|_| ())
}

/// The text of a value: strings as they are meant, all else as it is written.
fn written<'a>(key: &str, raw: &'a str) -> Result<Cow<'a, str>, Unreadable> {
    match raw.as_bytes().first() {
        Some(b'{' | b'[') => Err(fault(
            key,
            "the value of this key is nested; only texts, numbers, true, false and null are taken",
        )),
        Some(b'n') => Ok(Cow::Borrowed("")),
        Some(b'"') if !raw.contains('\\') => Ok(Cow::Borrowed(&raw[1..raw.len() - 1])),
        Some(b'"') => match serde_json::from_str::<String>(raw) {
            Ok(text) if text.contains('\0') => Err(fault(key, "the value of this key holds a NUL character")),
            Ok(text) => Ok(Cow::Owned(text)),
            Err(error) => Err(malformed(raw, &error)),
        },
        _ => Ok(Cow::Borrowed(raw)),
    }
}

/// Hands each key and value of an object on, in their order.
fn members<'a>(
    text: &'a str,
    each: impl FnMut(&str, &'a RawValue) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let mut fault = None;
    let mut object = serde_json::Deserializer::from_str(text);
    let read = object.deserialize_map(Members { each, fault: &mut fault }).and_then(|()| object.end());
    match (fault, read) {
        (Some(fault), _) => Err(fault),
        (None, Err(error)) => Err(malformed(text, &error)),
        (None, Ok(())) => Ok(()),
    }
}

fn malformed(text: &str, error: &serde_json::Error) -> Unreadable {
    let told = error.to_string();
    let told = told.split(" at line 1 ").next().unwrap_or_default();
    fault(
        text.trim(),
        &format!("the line is not one whole JSON object: {told} (character {})", error.column()),
    )
}

/// A key, without a copy where nothing in it is escaped.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

struct Members<'f, F> {
    each: F,
    fault: &'f mut Option<Unreadable>,
}

impl<'de, F: FnMut(&str, &'de RawValue) -> Result<(), Unreadable>> Visitor<'de> for Members<'_, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<(), M::Error> {
        while let Some(Key(key)) = map.next_key()? {
            let value = map.next_value()?;
            if let Err(fault) = (self.each)(&key, value) {
                *self.fault = Some(fault);
                return Err(M::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}
