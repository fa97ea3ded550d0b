//! The cells of a sheet as rows of text.

use std::io::{Cursor, Read};

use calamine::{Data, Reader, SheetVisible, Xlsx};
use csv::StringRecord;

use super::Unreadable;
use super::bytes::Bytes;

/// The most bytes that a workbook may have, and that it may unpack to: all of it is in memory while it is read.
const LARGEST: u64 = 64 << 20;
const LARGEST_UNPACKED: u64 = 256 << 20;

/// What one sheet holds.
pub struct Workbook {
    /// Its name.
    pub sheet: String,
    rows: std::vec::IntoIter<Vec<Data>>,
    line: u64,
}

impl Workbook {
    /// Reads a sheet of a workbook, or its first visible one.
    pub fn open(bytes: Bytes, sheet: Option<&str>) -> Result<Self, Unreadable> {
        let packed = whole(bytes)?;
        check_size(&packed)?;
        let broken = |error: calamine::XlsxError| {
            Unreadable::file(format!("it is no workbook that can be read: {error}"))
        };
        let mut workbook = Xlsx::new(Cursor::new(packed)).map_err(broken)?;
        let sheets: Vec<(String, bool)> = workbook
            .sheets_metadata()
            .iter()
            .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
            .collect();
        let all = || sheets.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        let found = match sheet {
            Some(wanted) => sheets.iter().find(|(name, _)| name == wanted),
            None => sheets.iter().find(|(_, is_visible)| *is_visible),
        };
        let Some((name, _)) = found else {
            let wanted = sheet.unwrap_or_default();
            return Err(Unreadable::file(format!(
                "there is no sheet {wanted:?} in the workbook; there are {}",
                all()
            )));
        };
        let range = workbook.worksheet_range(name).map_err(broken)?;
        let first = range.start().map_or(0, |(row, _)| u64::from(row));
        let left = range.start().map_or(0, |(_, column)| column as usize);
        let pad = |row: &[Data]| vec![Data::Empty; left].into_iter().chain(row.iter().cloned()).collect();
        let rows: Vec<Vec<Data>> = range.rows().map(pad).collect();
        Ok(Self { sheet: name.clone(), rows: rows.into_iter(), line: first })
    }

    /// The next row of the sheet; false behind the last.
    pub fn next(&mut self, row: &mut StringRecord) -> bool {
        let Some(cells) = self.rows.next() else { return false };
        self.line += 1;
        row.clear();
        for cell in &cells {
            row.push_field(&text(cell));
        }
        true
    }

    /// The row of the sheet that was read last, from 1.
    pub const fn line(&self) -> u64 {
        self.line
    }
}

fn whole(mut bytes: Bytes) -> Result<Vec<u8>, Unreadable> {
    let mut all = Vec::new();
    loop {
        let more = bytes.fill()?;
        if more.is_empty() {
            return Ok(all);
        }
        all.extend_from_slice(more);
        let count = more.len();
        bytes.consume(count);
        if all.len() as u64 > LARGEST {
            return Err(Unreadable::file("the workbook is larger than 64 MiB: save the sheet as CSV"));
        }
    }
}

/// Refuses what unpacks to very much, by actually unpacking it without keeping any of it.
fn check_size(packed: &[u8]) -> Result<(), Unreadable> {
    let broken = |error: zip::result::ZipError| {
        Unreadable::file(format!("it is no workbook that can be read: {error}"))
    };
    let mut archive = zip::ZipArchive::new(Cursor::new(packed)).map_err(broken)?;
    if archive.index_for_name("xl/workbook.xml").is_none() {
        return Err(Unreadable::file("it is an archive and no workbook (XLSX): unpack it first"));
    }
    let mut left = LARGEST_UNPACKED;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(broken)?;
        let unpacked = std::io::copy(&mut entry.take(left + 1), &mut std::io::sink());
        let unpacked =
            unpacked.map_err(|error| Unreadable::file(format!("the workbook is damaged: {error}")))?;
        left = left.checked_sub(unpacked).ok_or_else(|| {
            Unreadable::file("the workbook unpacks to more than 256 MiB: save the sheet as CSV")
        })?;
    }
    Ok(())
}

/// A cell as text: numbers to the 15 significant digits that a spreadsheet keeps, dates as ISO.
fn text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number_text(*number),
        Data::Bool(true) => "TRUE".to_owned(),
        Data::Bool(false) => "FALSE".to_owned(),
        Data::DateTime(date) => {
            let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
            let day = format!("{year:04}-{month:02}-{day:02}");
            if (hour, minute, second) == (0, 0, 0) {
                day
            } else {
                format!("{day}T{hour:02}:{minute:02}:{second:02}")
            }
        }
        Data::Error(error) => error.to_string(),
    }
}

/// The shortest decimal that is the number at 15 significant digits.
fn number_text(number: f64) -> String {
    let rounded: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    format!("{rounded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_a_spreadsheet_keeps() {
        for (number, text) in [
            (220.000_000_000_000_03, "220"),
            (1.2e-6, "0.0000012"),
            (23_836_083.0, "23836083"),
            (0.1 + 0.2, "0.3"),
            (0.1 * 0.11, "0.011"),
            (-0.5, "-0.5"),
        ] {
            assert_eq!(number_text(number), text);
        }
    }
}
