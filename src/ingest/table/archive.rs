//! Looks at a workbook before it is parsed, so that a small file cannot ask for much memory or time.
//!
//! What is measured is what the entries really unpack to: what an archive says of itself may be a lie.

use std::cell::Cell;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;
use zip::result::ZipError;

use super::{Unreadable, kind};

/// The most bytes that the entries may unpack to together.
const MOST: u64 = 256 << 20;

/// How many times its size a workbook may unpack to, beyond the first bytes.
const RATIO: u64 = 100;
const FREE: u64 = 10 << 20;

/// The most bytes that are read to find out which entries there are.
const DIRECTORY: u64 = 4 << 20;

/// The most strings that cells may share.
const STRINGS: u64 = 1 << 22;

/// The most bytes that the styles may take, and each element of them; every format of cells holds a copy of some.
const STYLES: u64 = 16 << 20;
const STYLE: usize = 2 << 10;

/// The most formats of cells.
const FORMATS: u64 = 1 << 17;

/// Refuses a file that is no workbook, or one that unpacks to too much.
pub fn inspect(file: impl Read + Seek, size: u64) -> Result<(), Unreadable> {
    let left = Cell::new(DIRECTORY);
    let mut archive = ZipArchive::new(Metered { file, left: &left }).map_err(|error| corrupt(&error))?;
    left.set(u64::MAX);
    let names: Vec<String> = archive
        .file_names()
        .map(|name| name.map(|name| name.to_lowercase()))
        .collect::<Result<_, _>>()
        .map_err(|error| corrupt(&error))?;
    is_workbook(&names)?;
    measure(&mut archive, allowed(size))?;
    for (index, name) in names.iter().enumerate() {
        if name.ends_with("sharedstrings.xml") {
            check_strings(&mut archive, index)?;
        } else if name.ends_with("styles.xml") {
            check_styles(&mut archive, index)?;
        }
    }
    Ok(())
}

/// What a file of `size` bytes may unpack to.
fn allowed(size: u64) -> u64 {
    size.saturating_mul(RATIO).saturating_add(FREE).min(MOST)
}

fn is_workbook(names: &[String]) -> Result<(), Unreadable> {
    let has = |name: &str| names.iter().any(|other| other.starts_with(name));
    let what = if has("xl/workbook.bin") {
        "a binary workbook (.xlsb); save it as .xlsx"
    } else if has("word/") || has("ppt/") {
        "a document or presentation and no workbook"
    } else if has("content.xml") {
        "an OpenDocument file; save it as .xlsx"
    } else if !has("[content_types].xml") || !has("_rels/.rels") {
        "a zip archive that is no workbook"
    } else {
        return Ok(());
    };
    Err(kind::refusal(what))
}

/// Unpacks everything, which also shows what is corrupt.
fn measure<R: Read + Seek>(archive: &mut ZipArchive<R>, most: u64) -> Result<(), Unreadable> {
    let mut left = most;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| corrupt(&error))?;
        let unpacked = io::copy(&mut entry.take(left.saturating_add(1)), &mut io::sink());
        let unpacked = unpacked.map_err(|error| corrupt(&ZipError::Io(error)))?;
        left = left.checked_sub(unpacked).ok_or_else(|| {
            let mib = most >> 20;
            let reason =
                format!("the workbook unpacks to more than {mib} MiB, which is too much for its size");
            Unreadable::file(reason)
        })?;
    }
    Ok(())
}

/// Refuses shared strings that are too many or say that they are: room for as many as they say is made before they are read.
fn check_strings<R: Read + Seek>(archive: &mut ZipArchive<R>, index: usize) -> Result<(), Unreadable> {
    let mut strings = 0;
    elements(archive, index, |name, element| {
        strings += u64::from(name == "si");
        let declared = if name == "sst" { attribute(element, "uniqueCount") } else { 0 };
        if strings.max(declared) <= STRINGS {
            return Ok(());
        }
        Err(Unreadable::file(format!("the workbook has, or says that it has, more than {STRINGS} texts")))
    })
}

/// Refuses styles that are too many or too long, since each format of cells gets copies of what it names.
fn check_styles<R: Read + Seek>(archive: &mut ZipArchive<R>, index: usize) -> Result<(), Unreadable> {
    let (mut bytes, mut formats) = (0, 0);
    elements(archive, index, |name, element| {
        bytes += element.len() as u64;
        formats += u64::from(name == "xf");
        if bytes <= STYLES && element.len() <= STYLE && formats <= FORMATS {
            return Ok(());
        }
        Err(Unreadable::file(
            "the styles of the workbook are too many or too long; copy its cells into a new one",
        ))
    })
}

/// The number that an attribute states; 0 where it states none.
fn attribute(element: &BytesStart, name: &str) -> u64 {
    let stated = element.try_get_attribute(name).ok().flatten();
    stated.map_or(0, |stated| stated.value.trim().parse().unwrap_or(0))
}

/// Looks at each element of an entry, with its name.
fn elements<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    index: usize,
    mut look: impl FnMut(&str, &BytesStart) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let entry = archive.by_index(index).map_err(|error| corrupt(&error))?;
    let mut xml = quick_xml::Reader::from_reader(BufReader::new(entry));
    xml.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer) {
            Ok(Event::Start(element) | Event::Empty(element)) => {
                look(element.local_name().as_ref(), &element)?;
            }
            // What is at fault here is told by whoever reads it for its meaning.
            Ok(Event::Eof) | Err(_) => return Ok(()),
            Ok(_) => {}
        }
    }
}

fn corrupt(error: &ZipError) -> Unreadable {
    Unreadable::file(format!("the workbook is corrupt or not whole: {error}"))
}

/// A file of which only so much may be read.
struct Metered<'a, R> {
    file: R,
    left: &'a Cell<u64>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(room)?;
        let left = self.left.get().checked_sub(read as u64);
        self.left.set(left.ok_or_else(|| io::Error::other("its list of entries is too long"))?);
        Ok(read)
    }
}

impl<R: Seek> Seek for Metered<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
