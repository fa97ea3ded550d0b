//! What a file is, by its content, and what is said of one that is not taken.

use super::{Form, Unreadable};

const TAKEN: &str =
    "CSV, NDJSON (one JSON object a line) and XLSX are taken, plain or packed with gzip or zstd";

/// Files of other kinds by their first bytes.
const OTHERS: &[(&[u8], &str)] = &[
    (
        &[0xd0, 0xcf, 0x11, 0xe0],
        "an old workbook (.xls) or one with a password; save it as .xlsx without one",
    ),
    (b"%PDF-", "a PDF document"),
    (&[0x1f, 0x8b], "packed twice"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "packed twice"),
    (b"BZh91AY&SY", "packed with bzip2"),
    (b"\xfd7zXZ\0", "packed with xz"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"ARROW1\0\0", "an Arrow file"),
    (b"\x89PNG\r\n", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"{\\rtf", "an RTF document"),
];

/// Beginnings of markup, in small letters.
const MARKUP: &[&str] = &["<!doctype", "<html", "<head", "<body", "<table", "<?xml", "<!--"];

/// What a file may be by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An archive of the kind that a workbook is.
    Workbook,
    /// What may be text.
    Text,
}

impl Kind {
    /// By the first bytes of the unpacked file.
    pub fn of_bytes(head: &[u8]) -> Result<Self, Unreadable> {
        if head.is_empty() {
            return Err(Unreadable::file(format!("the file is empty; {TAKEN}")));
        }
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Ok(Self::Workbook);
        }
        if head.starts_with(b"PAR1") && head.get(4).is_none_or(u8::is_ascii_control) {
            return Err(refusal("a Parquet file"));
        }
        match OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
            Some((_, name)) => Err(refusal(name)),
            None => Ok(Self::Text),
        }
    }
}

/// The form of a text by its first lines.
pub fn of_text(head: &str) -> Result<Form, Unreadable> {
    let text = head.trim_start();
    if text.is_empty() {
        return Err(Unreadable::file(format!("the file is empty; {TAKEN}")));
    }
    let start: String = text.chars().take(10).flat_map(char::to_lowercase).collect();
    if MARKUP.iter().any(|markup| start.starts_with(markup)) {
        return Err(refusal("HTML or XML"));
    }
    let value = text.get(1..).and_then(|rest| rest.trim_start().chars().next());
    match text.as_bytes()[0] {
        b'[' if value.is_none_or(|value| matches!(value, '{' | '[' | ']' | '"' | '-' | '0'..='9')) => {
            Err(refusal("a JSON array; write one object a line"))
        }
        b'{' if value.is_none_or(|value| matches!(value, '"' | '}')) => Ok(Form::Ndjson),
        _ => Ok(Form::Csv),
    }
}

/// Says what a file is, and what is taken.
pub fn refusal(what: &str) -> Unreadable {
    let is = if what.starts_with("packed") { "the file is" } else { "this is" };
    Unreadable::file(format!("{is} {what}; {TAKEN}"))
}
