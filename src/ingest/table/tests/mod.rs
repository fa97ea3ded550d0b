//! Small files of each form, made where they are read.

mod bounds;
mod bytes;
mod delimited;
mod fuzz;
mod ndjson;
mod workbook;

use std::io::Write;

use csv::StringRecord;
use tempfile::NamedTempFile;

use super::{Options, Table, Unreadable};

/// The rows of a file, with the line that each begins at.
type Read = Vec<(u64, Vec<String>)>;

fn file(content: impl AsRef<[u8]>) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(content.as_ref()).unwrap();
    file
}

fn open(content: impl AsRef<[u8]>, options: &Options) -> Result<Table, Unreadable> {
    Table::open(file(content).path(), options)
}

/// All rows up to the end or a fault.
fn rest(table: &mut Table) -> (Read, Option<Unreadable>) {
    let (mut rows, mut row) = (Vec::new(), StringRecord::new());
    loop {
        match table.next(&mut row) {
            Ok(true) => rows.push((table.line(), row.iter().map(str::to_owned).collect())),
            Ok(false) => return (rows, None),
            Err(fault) => return (rows, Some(fault)),
        }
    }
}

fn read_with(content: impl AsRef<[u8]>, options: &Options) -> Result<Read, Unreadable> {
    let (rows, fault) = rest(&mut open(content, options)?);
    fault.map_or(Ok(rows), Err)
}

fn read(content: impl AsRef<[u8]>) -> Result<Read, Unreadable> {
    read_with(content, &Options::default())
}

/// The rows of a file that is to be read whole.
fn rows(content: impl AsRef<[u8]>) -> Vec<Vec<String>> {
    read(content).unwrap().into_iter().map(|(_, row)| row).collect()
}

/// The fault of a file that is not to be read whole.
fn fault(content: impl AsRef<[u8]>) -> Unreadable {
    read(content).unwrap_err()
}

fn encoding(label: &str) -> Options {
    Options { encoding: Some(label.to_owned()), ..Options::default() }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(content).unwrap();
    packed.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(content, 3).unwrap()
}

#[test]
fn a_table_may_be_read_by_another_thread() {
    let mut table = open("a\n1\n", &Options::default()).unwrap();
    assert_eq!(std::thread::spawn(move || rest(&mut table).0.len()).join().unwrap(), 2);
}
