//! Bytes as text: UTF-8 that is valid and holds no NUL.

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

use super::Unreadable;
use super::bytes::Bytes;

/// How much is decoded at once, and how much of a text can be looked at before it is read.
const BLOCK: usize = 64 << 10;

/// The most bytes that one step of decoding can need room for.
const ROOM: usize = 16;

/// A text that is being decoded. After a fault there is nothing but this fault.
pub struct Text {
    bytes: Bytes,
    decoder: Decoder,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    ended: bool,
    fault: Option<Unreadable>,
}

impl Text {
    /// A byte order mark goes before the label, and without both it is UTF-8.
    pub fn new(mut bytes: Bytes, label: Option<&str>) -> Result<Self, Unreadable> {
        let named = label.map(encoding).transpose()?;
        let marked = Encoding::for_bom(bytes.peek()?);
        bytes.consume(marked.map_or(0, |(_, mark)| mark));
        let encoding = marked.map(|(encoding, _)| encoding).or(named).unwrap_or(UTF_8);
        let decoder = encoding.new_decoder_without_bom_handling();
        let buffer = vec![0; BLOCK].into_boxed_slice();
        Ok(Self { bytes, decoder, buffer, start: 0, end: 0, ended: false, fault: None })
    }

    /// What comes next: most of a block, or all there is if it is less. Of a text that is at fault further on, what comes
    /// before.
    pub fn peek(&mut self) -> Result<&str, Unreadable> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        while self.end + ROOM < self.buffer.len() && !self.over() {
            self.decode();
        }
        // A decoder writes whole characters only, so this is all of it.
        Ok(self.rest()?.utf8_chunks().next().map_or("", |chunk| chunk.valid()))
    }

    /// What comes next, some of it at least; nothing is the end.
    pub fn fill(&mut self) -> Result<&[u8], Unreadable> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            while self.end == 0 && !self.over() {
                self.decode();
            }
        }
        self.rest()
    }

    /// Passes over bytes that `fill` gave.
    pub fn consume(&mut self, bytes: usize) {
        self.start += bytes;
    }

    fn over(&self) -> bool {
        self.ended || self.fault.is_some()
    }

    fn rest(&self) -> Result<&[u8], Unreadable> {
        match &self.fault {
            Some(fault) if self.start == self.end => Err(fault.clone()),
            _ => Ok(&self.buffer[self.start..self.end]),
        }
    }

    fn decode(&mut self) {
        let input = match self.bytes.fill() {
            Ok(input) => input,
            Err(fault) => return self.fault = Some(fault),
        };
        let last = input.is_empty();
        let output = &mut self.buffer[self.end..];
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(input, output, last);
        if let DecoderResult::Malformed(length, after) = result {
            let end = read.saturating_sub(usize::from(after));
            let wrong = &input[end.saturating_sub(usize::from(length))..end];
            self.fault = Some(malformed(self.decoder.encoding(), wrong));
        }
        self.ended = last && result == DecoderResult::InputEmpty;
        self.bytes.consume(read);
        let new = &self.buffer[self.end..self.end + written];
        if let Some(valid) = memchr::memchr(0, new) {
            self.fault = Some(nul());
            self.end += valid;
        } else {
            self.end += written;
        }
    }
}

/// The encoding of this label.
pub fn encoding(label: &str) -> Result<&'static Encoding, Unreadable> {
    Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(|| {
        let reason = "no such encoding is known; name it by a label of the web's encoding standard, \
                      for example utf-8, gb18030, big5, utf-16le or windows-1252";
        Unreadable::line(0, label, reason)
    })
}

fn malformed(encoding: &'static Encoding, wrong: &[u8]) -> Unreadable {
    let bytes: Vec<String> = wrong.iter().map(|byte| format!("{byte:02X}")).collect();
    let advice = if encoding == UTF_8 {
        "name the encoding of the file by the option `encoding`, for example gb18030 or big5"
    } else {
        "the option `encoding` names another encoding, for example utf-8, gb18030 or big5"
    };
    Unreadable::line(1, &bytes.join(" "), format!("the text is not valid {}; {advice}", encoding.name()))
}

fn nul() -> Unreadable {
    Unreadable::line(
        1,
        "",
        "the text holds a NUL character; if it is in UTF-16 without a byte order mark, \
         set the option `encoding` to utf-16le or utf-16be",
    )
}
