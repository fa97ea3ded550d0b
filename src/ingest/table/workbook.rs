//! A sheet of a workbook. Its cells are held as text, at most so much of it as a workbook may unpack to.

use std::fmt::Write;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use calamine::{
    DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError, XlsxFormulaMetadata,
};
use csv::StringRecord;

use super::bytes::{Bytes, Consumed, Packing};
use super::{LONGEST_FIELD, Unreadable, archive, shortened};

/// The most bytes that a workbook may have once it is unpacked from gzip or zstd, since it is held in memory then.
const LARGEST_UNPACKED: usize = 64 << 20;

/// What a sheet can have, by its kind of file.
const ROWS: u32 = 1 << 20;
const COLUMNS: u32 = 1 << 14;

/// The most bytes that the cells may hold together as text: a text that is stored once may stand in many of them.
const LONGEST_TEXT: usize = 256 << 20;

/// The most fields that the rows of a sheet may have, most of them empty.
const LARGEST_AREA: u64 = 1 << 28;

/// The first day that a date cannot be, as a number: 10000-01-01.
const END_OF_DATES: f64 = 2_958_466.0;

/// The rows of a sheet.
pub struct Workbook {
    sheets: Vec<String>,
    sheet: String,
    cells: Cells,
    /// The first cell of the next row.
    next: usize,
    line: u64,
}

trait Source: Read + Seek {}
impl<S: Read + Seek> Source for S {}

impl Workbook {
    /// Reads the sheet of this name, or the first visible one.
    pub fn open(
        path: &Path,
        bytes: Bytes,
        consumed: &Consumed,
        name: Option<&str>,
    ) -> Result<Self, Unreadable> {
        let size;
        let mut source: Box<dyn Source> = if bytes.packing() == Packing::Plain {
            let unreadable = |error| Unreadable::file(format!("the file cannot be read: {error}"));
            let file = File::open(path).map_err(unreadable)?;
            size = file.metadata().map_err(unreadable)?.len();
            consumed.complete(size);
            Box::new(BufReader::new(file))
        } else {
            let whole = bytes.whole(LARGEST_UNPACKED)?.ok_or_else(|| {
                Unreadable::file("a workbook that is packed again may have 64 MiB at most; give it as .xlsx")
            })?;
            size = whole.len() as u64;
            Box::new(Cursor::new(whole))
        };
        // The reader of workbooks may panic where one is malformed, which is a fault like others.
        let read = catch_unwind(AssertUnwindSafe(|| {
            archive::inspect(&mut source, size)?;
            Self::read(source, name)
        }));
        read.unwrap_or_else(|_| Err(Unreadable::file("the workbook is malformed")))
    }

    fn read(source: Box<dyn Source>, name: Option<&str>) -> Result<Self, Unreadable> {
        let mut workbook = Xlsx::new(source).map_err(|error| fault(0, &error))?;
        let is_table = |sheet: &&calamine::Sheet| sheet.typ == SheetType::WorkSheet;
        let all = workbook.sheets_metadata();
        let sheets: Vec<String> = all.iter().filter(is_table).map(|sheet| sheet.name.clone()).collect();
        let visible = all.iter().filter(is_table).find(|sheet| sheet.visible == SheetVisible::Visible);
        let sheet = match name {
            Some(name) if sheets.iter().any(|sheet| sheet == name) => name.to_owned(),
            Some(name) => return Err(unknown(name, &sheets)),
            None => match visible {
                Some(sheet) => sheet.name.clone(),
                None => return Err(unknown("", &sheets)),
            },
        };
        let cells = Cells::read(&mut workbook, &sheet)?;
        Ok(Self { sheets, sheet, cells, next: 0, line: 0 })
    }

    /// The names of all sheets of cells.
    pub fn sheets(&self) -> &[String] {
        &self.sheets
    }

    /// The name of the sheet that is read.
    pub fn sheet(&self) -> &str {
        &self.sheet
    }

    /// The row of the sheet that was read last, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The next row, as long as the sheet is wide; false at the end.
    pub fn next(&mut self, row: &mut StringRecord) -> bool {
        row.clear();
        let Some(first) = self.cells.places.get(self.next) else { return false };
        self.line = u64::from(first.row) + 1;
        for column in 0..self.cells.width {
            match self.cells.places.get(self.next) {
                Some(cell) if cell.row == first.row && u32::from(cell.column) == column => {
                    row.push_field(&self.cells.text[cell.start as usize..cell.end as usize]);
                    self.next += 1;
                }
                _ => row.push_field(""),
            }
        }
        true
    }
}

fn unknown(name: &str, sheets: &[String]) -> Unreadable {
    let what = if name.is_empty() { "the workbook has no visible sheet" } else { "there is no such sheet" };
    Unreadable::line(0, name, format!("{what}; the sheets are: {}", sheets.join(", ")))
}

fn fault(line: u64, error: &XlsxError) -> Unreadable {
    let value = if let XlsxError::CellError(value) = error { value } else { "" };
    Unreadable::line(line, value, format!("the workbook cannot be read: {error}"))
}

/// A cell that is not empty: its place, and where its text is.
struct Place {
    row: u32,
    start: u32,
    end: u32,
    column: u16,
}

/// The cells of a sheet that are not empty, by row and column.
struct Cells {
    text: String,
    places: Vec<Place>,
    width: u32,
}

impl Cells {
    fn read(workbook: &mut Xlsx<Box<dyn Source>>, sheet: &str) -> Result<Self, Unreadable> {
        let mut reader = workbook.worksheet_cells_reader(sheet).map_err(|error| fault(0, &error))?;
        // Room is doubled from here on, so that it ends at the most there may be.
        let text = String::with_capacity(1 << 20);
        let (mut cells, mut line) = (Self { text, places: Vec::new(), width: 0 }, 0);
        while let Some(cell) =
            reader.next_cell_with_formula_metadata().map_err(|error| fault(line, &error))?
        {
            let (row, column) = cell.pos;
            line = u64::from(row) + 1;
            match cell.formula.filter(|_| cell.value == DataRef::Empty) {
                // Left empty, a figure would be missing and nobody told.
                Some(formula) => cells.add(row, column, &DataRef::String(unresolved(&formula)))?,
                None => cells.add(row, column, &cell.value)?,
            }
        }
        cells.settle()?;
        Ok(cells)
    }

    fn add(&mut self, row: u32, column: u32, value: &DataRef) -> Result<(), Unreadable> {
        let line = u64::from(row) + 1;
        let column = match u16::try_from(column) {
            Ok(small) if column < COLUMNS && row < ROWS => small,
            _ => {
                return Err(Unreadable::line(
                    line,
                    "",
                    "a sheet has 1,048,576 rows and 16,384 columns at most",
                ));
            }
        };
        // Asked before, so that there is never more room made than this.
        if self.text.len() > LONGEST_TEXT - LONGEST_FIELD {
            return Err(Unreadable::line(line, "", "the cells hold more than 256 MiB of text"));
        }
        let start = self.places.last().map_or(0, |last| last.end);
        push(value, &mut self.text);
        let text = &self.text[start as usize..];
        if text.is_empty() {
            return Ok(());
        }
        if text.contains('\0') {
            return Err(Unreadable::line(line, text, "the text of a cell holds a NUL character"));
        }
        let Ok(end) = u32::try_from(self.text.len()) else {
            return Err(Unreadable::line(line, text, "the text of a cell is too long"));
        };
        self.width = self.width.max(u32::from(column) + 1);
        self.places.push(Place { row, start, end, column });
        Ok(())
    }

    /// Puts the cells in order.
    fn settle(&mut self) -> Result<(), Unreadable> {
        let place = |place: &Place| (place.row, place.column);
        if !self.places.is_sorted_by_key(place) {
            self.places.sort_by_key(place);
        }
        if let Some(pair) = self.places.windows(2).find(|pair| place(&pair[0]) == place(&pair[1])) {
            return Err(Unreadable::line(u64::from(pair[0].row) + 1, "", "a cell stands in this row twice"));
        }
        let rows = self.places.chunk_by(|one, other| one.row == other.row).count() as u64;
        if rows * u64::from(self.width) > LARGEST_AREA {
            let reason = format!(
                "{rows} rows of {} columns are too many; look for a cell far to the right of the others",
                self.width
            );
            return Err(Unreadable::file(reason));
        }
        Ok(())
    }
}

/// The text of a cell whose formula was never computed, or not stored with its result: the formula itself, which is no figure, code or
/// period, and so is told as a fault of whatever column it stands in.
fn unresolved(formula: &XlsxFormulaMetadata) -> String {
    match formula {
        XlsxFormulaMetadata::Normal { formula } if formula.is_empty() => String::new(),
        XlsxFormulaMetadata::Normal { formula } | XlsxFormulaMetadata::Shared { formula, .. } => {
            format!("={}", shortened(formula))
        }
        // That of another cell, moved to this place.
        _ => "=…".to_owned(),
    }
}

/// Adds the text of a cell.
fn push(value: &DataRef, text: &mut String) {
    // Writing to a string cannot fail.
    let _ = match value {
        DataRef::Empty => Ok(()),
        DataRef::Int(value) => write!(text, "{value}"),
        DataRef::Float(value) => push_number(*value, text),
        DataRef::String(value) | DataRef::DurationIso(value) => text.write_str(value),
        DataRef::SharedString(value) => text.write_str(value),
        DataRef::Bool(value) => text.write_str(if *value { "TRUE" } else { "FALSE" }),
        DataRef::DateTime(value) => push_date(value, text),
        DataRef::DateTimeIso(value) => text.write_str(value.strip_suffix("T00:00:00").unwrap_or(value)),
        DataRef::Error(error) => write!(text, "{error}"),
    };
}

/// The shortest decimal text that is the same number at 15 significant digits, without an exponent.
fn push_number(value: f64, text: &mut String) -> std::fmt::Result {
    let start = text.len();
    // Nearly all numbers have few digits, and then this is it; a zero may have a sign.
    write!(text, "{}", value + 0.0)?;
    if text[start..].bytes().filter(u8::is_ascii_digit).count() <= 15 {
        return Ok(());
    }
    text.truncate(start);
    let scientific = format!("{:.14e}", value.abs());
    let Some((digits, exponent)) = scientific.split_once('e') else { return write!(text, "{value}") };
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    if value < 0.0 {
        text.push('-');
    }
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let whole = usize::try_from(exponent + 1).unwrap_or(0);
    if whole == 0 {
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        return write!(text, "0.{}{digits}", "0".repeat(zeros));
    }
    match digits.split_at_checked(whole) {
        Some((whole, "")) => text.write_str(whole),
        Some((whole, fraction)) => write!(text, "{whole}.{fraction}"),
        None => write!(text, "{digits}{}", "0".repeat(whole - digits.len())),
    }
}

/// A date, a date and a time, a time, or a duration in hours.
fn push_date(value: &ExcelDateTime, text: &mut String) -> std::fmt::Result {
    let days = value.as_f64();
    if !(0.0..END_OF_DATES).contains(&days) {
        return push_number(days, text);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 0 and 3e14")]
    let total = (days * 86_400_000.0).round() as u64;
    if value.is_duration() || total < 86_400_000 {
        write!(text, "{:02}", total / 3_600_000)?;
    } else {
        let (year, month, day, ..) = value.to_ymd_hms_milli();
        write!(text, "{year:04}-{month:02}-{day:02}")?;
        if total.is_multiple_of(86_400_000) {
            return Ok(());
        }
        write!(text, "T{:02}", total / 3_600_000 % 24)?;
    }
    let (minutes, seconds, milli) = (total / 60_000 % 60, total / 1000 % 60, total % 1000);
    write!(text, ":{minutes:02}:{seconds:02}")?;
    if milli == 0 { Ok(()) } else { write!(text, ".{milli:03}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn the_text_of_a_number_is_the_same_number_at_15_digits(value in any::<f64>()) {
            let mut text = String::new();
            push_number(value, &mut text).unwrap();
            let read: f64 = text.parse().unwrap();
            // Zero has no sign here.
            prop_assert_eq!(format!("{read:.14e}"), format!("{:.14e}", value + 0.0));
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte)), "{}", text);
            prop_assert!(!text.contains('.') || !text.ends_with('0'), "{}", text);
        }
    }
}
