//! The rows of a file on their way from its order to that of series: on disk, sorted into partitions by series, each of which
//! fits into memory.

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};

use crate::error::{Error, Result};

/// How many partitions there are: each of 100 million rows is about a million and a half.
pub const PARTITIONS: usize = 64;

/// One figure of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its series, by number.
    pub series: u32,
    /// The document that states it, by number.
    pub document: u16,
    /// The period as an integer.
    pub period: i32,
    /// Scaled by the decimals of its measure; `None` where stated as missing.
    pub value: Option<i64>,
    /// SDMX `OBS_STATUS` letter.
    pub status: u8,
    /// Whether it only dates the knowledge of a figure.
    pub confirmation: bool,
    /// Its line in the file.
    pub line: u64,
    /// What the document says of it.
    pub note: Option<Box<str>>,
}

/// Rows in partitions. The files have no name, so nothing is left behind by whatever ends the program.
pub struct Spool {
    /// Whether some row has a note or is a confirmation.
    pub has_more_than_figures: bool,
    partitions: Vec<BufWriter<File>>,
    counts: Vec<u64>,
}

impl Spool {
    /// An empty one in the folder for temporary files.
    pub fn new() -> Result<Self> {
        let new = || Ok(BufWriter::with_capacity(1 << 15, tempfile::tempfile().map_err(failed)?));
        Ok(Self {
            has_more_than_figures: false,
            counts: vec![0; PARTITIONS],
            partitions: (0..PARTITIONS).map(|_| new()).collect::<Result<_>>()?,
        })
    }

    /// Adds a row to the partition of its series.
    pub fn add(&mut self, row: &Row) -> Result<()> {
        self.has_more_than_figures |= row.confirmation || row.note.is_some();
        let note = row.note.as_deref().unwrap_or_default();
        let mut bytes = [0; 30];
        bytes[..4].copy_from_slice(&row.series.to_le_bytes());
        bytes[4..6].copy_from_slice(&row.document.to_le_bytes());
        bytes[6..10].copy_from_slice(&row.period.to_le_bytes());
        bytes[10..18].copy_from_slice(&row.value.unwrap_or_default().to_le_bytes());
        bytes[18] = row.status;
        bytes[19] = u8::from(row.value.is_some())
            | u8::from(row.confirmation) << 1
            | u8::from(row.note.is_some()) << 2;
        bytes[20..28].copy_from_slice(&row.line.to_le_bytes());
        let length = u16::try_from(note.len()).map_err(|_| failed("a note of more than 64 KiB"))?;
        bytes[28..30].copy_from_slice(&length.to_le_bytes());
        let number = row.series as usize % PARTITIONS;
        self.counts[number] += 1;
        let file = &mut self.partitions[number];
        file.write_all(&bytes).and_then(|()| file.write_all(note.as_bytes())).map_err(failed)
    }

    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The rows of a partition, by series, document, period and line.
    pub fn partition(&mut self, number: usize) -> Result<Vec<Row>> {
        let writer = &mut self.partitions[number];
        writer.seek(SeekFrom::Start(0)).map_err(failed)?;
        // A partition of a large file takes 90 MB: it is not to have room for twice of that, nor half of it again for sorting.
        let mut rows = Vec::with_capacity(usize::try_from(self.counts[number]).unwrap_or_default());
        let mut reader = BufReader::with_capacity(1 << 16, writer.get_ref());
        while let Some(row) = read(&mut reader)? {
            rows.push(row);
        }
        if rows.len() as u64 != self.counts[number] {
            return Err(failed(format!("{} of {} rows are left", rows.len(), self.counts[number])));
        }
        writer.seek(SeekFrom::End(0)).map_err(failed)?;
        rows.sort_unstable_by_key(|row: &Row| (row.series, row.document, row.period, row.line));
        Ok(rows)
    }

    /// Puts other rows in the place of those of a partition.
    pub fn replace(&mut self, number: usize, rows: &[Row]) -> Result<()> {
        let writer = &mut self.partitions[number];
        writer.seek(SeekFrom::Start(0)).map_err(failed)?;
        writer.get_ref().set_len(0).map_err(failed)?;
        self.counts[number] = 0;
        rows.iter().try_for_each(|row| self.add(row))
    }
}

fn read(from: &mut impl Read) -> Result<Option<Row>> {
    let mut bytes = [0; 30];
    match from.read_exact(&mut bytes) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(failed(error)),
    }
    let (flags, length) = (bytes[19], u16::from_le_bytes(array(&bytes[28..30])));
    let mut note = vec![0; usize::from(length)];
    from.read_exact(&mut note).map_err(failed)?;
    let note = String::from_utf8(note).map_err(failed)?;
    Ok(Some(Row {
        series: u32::from_le_bytes(array(&bytes[..4])),
        document: u16::from_le_bytes(array(&bytes[4..6])),
        period: i32::from_le_bytes(array(&bytes[6..10])),
        value: (flags & 1 != 0).then(|| i64::from_le_bytes(array(&bytes[10..18]))),
        status: bytes[18],
        confirmation: flags & 2 != 0,
        line: u64::from_le_bytes(array(&bytes[20..28])),
        note: (flags & 4 != 0).then(|| note.into_boxed_str()),
    }))
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let error = error.into();
    match error.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            Error::Full("there is no room in the folder for temporary files".to_owned())
        }
        _ => Error::internal("keeping rows of a file in the folder for temporary files", error),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_row() -> impl Strategy<Value = Row> {
        let figure = (any::<Option<i64>>(), any::<u8>(), any::<bool>());
        (0..200u32, any::<u16>(), any::<i32>(), figure, any::<u64>(), any::<Option<String>>()).prop_map(
            |(series, document, period, (value, status, confirmation), line, note)| Row {
                series,
                document,
                period,
                value,
                status,
                confirmation,
                line,
                note: note.map(String::into_boxed_str),
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]
        #[test]
        fn rows_come_back_sorted_and_whole(mut rows in proptest::collection::vec(any_row(), 0..300)) {
            let mut spool = Spool::new().unwrap();
            for row in &rows {
                spool.add(row).unwrap();
            }
            let mut all: Vec<Row> = (0..PARTITIONS).flat_map(|at| spool.partition(at).unwrap()).collect();
            let order = |row: &Row| (row.series, row.document, row.period, row.line);
            all.sort_by_key(order);
            rows.sort_by_key(order);
            prop_assert_eq!(&all, &rows);
            let kept: Vec<Row> = spool.partition(3).unwrap().into_iter().skip(1).collect();
            spool.replace(3, &kept).unwrap();
            prop_assert_eq!(spool.partition(3).unwrap(), kept);
        }
    }
}
