//! A file as bytes, unpacked on the way.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::Unreadable;

/// How much is read at once, and how much of a file can be looked at before it is read.
const BLOCK: usize = 64 << 10;

/// The window of zstd is at most 2 to this power in bytes: 128 MiB, which is what `zstd -d` takes without being asked to.
const LARGEST_WINDOW: u32 = 27;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// The end of the magic number of a frame that is passed over; its first byte is 0x50 to 0x5f.
const ZSTD_SKIPPABLE: &[u8] = &[0x2a, 0x4d, 0x18];

/// How many bytes of a file as stored have been read.
#[derive(Clone, Default)]
pub struct Consumed(Arc<AtomicU64>);

impl Consumed {
    /// Until now.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Says that a file of so many bytes has been read whole, in whatever order.
    pub fn complete(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

/// A file that counts what is read of it.
struct Counted {
    file: File,
    consumed: Consumed,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.consumed.0.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// Gzip, of one member or many.
    Gzip,
    /// Zstandard, of one frame or many.
    Zstd,
}

impl Packing {
    /// By the first bytes of a file.
    pub fn of(head: &[u8]) -> Self {
        if head.starts_with(GZIP) {
            Self::Gzip
        } else if head.starts_with(ZSTD) || skippable(head) {
            Self::Zstd
        } else {
            Self::Plain
        }
    }

    fn fault(self, error: &io::Error) -> Unreadable {
        let name = match self {
            Self::Plain => return Unreadable::file(format!("the file cannot be read: {error}")),
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        };
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Unreadable::file(format!("the {name} data are cut off; the file is not whole"));
        }
        Unreadable::file(format!("the {name} data are corrupt or need more than 128 MiB to unpack: {error}"))
    }
}

fn skippable(head: &[u8]) -> bool {
    head.first().is_some_and(|first| first & 0xf0 == 0x50) && head[1..].starts_with(ZSTD_SKIPPABLE)
}

/// The unpacked bytes of a file. After a fault there is nothing but this fault.
pub struct Bytes {
    input: Box<dyn Read + Send>,
    packing: Packing,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    ended: bool,
    fault: Option<Unreadable>,
}

impl Bytes {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<(Self, Consumed), Unreadable> {
        let plain = |error| Packing::Plain.fault(&error);
        let consumed = Consumed::default();
        let file = File::open(path).map_err(plain)?;
        let mut file = BufReader::with_capacity(BLOCK, Counted { file, consumed: consumed.clone() });
        let packing = Packing::of(file.fill_buf().map_err(plain)?);
        let input: Box<dyn Read + Send> = match packing {
            Packing::Plain => Box::new(file),
            Packing::Gzip => Box::new(MultiGzDecoder::new(file)),
            Packing::Zstd => {
                let mut unpacked = zstd::stream::read::Decoder::with_buffer(file).map_err(plain)?;
                unpacked.window_log_max(LARGEST_WINDOW).map_err(plain)?;
                Box::new(unpacked)
            }
        };
        let buffer = vec![0; BLOCK].into_boxed_slice();
        Ok((Self { input, packing, buffer, start: 0, end: 0, ended: false, fault: None }, consumed))
    }

    /// How the file is packed.
    pub fn packing(&self) -> Packing {
        self.packing
    }

    /// All of the file; none where that is more than `most` bytes.
    pub fn whole(mut self, most: usize) -> Result<Option<Vec<u8>>, Unreadable> {
        let mut whole = Vec::new();
        loop {
            let block = self.fill()?;
            if block.is_empty() {
                return Ok(Some(whole));
            }
            if whole.len() + block.len() > most {
                return Ok(None);
            }
            whole.extend_from_slice(block);
            let read = block.len();
            self.consume(read);
        }
    }

    /// What comes next: a block, or all there is if it is less. Of a file that is at fault further on, what comes before.
    pub fn peek(&mut self) -> Result<&[u8], Unreadable> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        while self.end < self.buffer.len() && !self.ended && self.fault.is_none() {
            self.read();
        }
        self.rest()
    }

    /// What comes next, some of it at least; nothing is the end.
    pub fn fill(&mut self) -> Result<&[u8], Unreadable> {
        if self.start == self.end && !self.ended && self.fault.is_none() {
            (self.start, self.end) = (0, 0);
            self.read();
        }
        self.rest()
    }

    /// Passes over bytes that `fill` gave.
    pub fn consume(&mut self, bytes: usize) {
        self.start += bytes;
    }

    fn rest(&self) -> Result<&[u8], Unreadable> {
        match &self.fault {
            Some(fault) if self.start == self.end => Err(fault.clone()),
            _ => Ok(&self.buffer[self.start..self.end]),
        }
    }

    fn read(&mut self) {
        match self.input.read(&mut self.buffer[self.end..]) {
            Ok(0) => self.ended = true,
            Ok(read) => self.end += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => self.fault = Some(self.packing.fault(&error)),
        }
    }
}
