//! Workbooks.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use super::*;
use crate::ingest::table::Form;

/// A workbook of a title, a header and rows, with a hidden sheet before and one behind.
fn workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Notes").unwrap().set_hidden(true).write(0, 0, "hidden").unwrap();
    let sheet = book.add_worksheet().set_name("Sales").unwrap();
    sheet.set_active(true);
    sheet.write(0, 0, "Sales 2024").unwrap();
    for (column, name) in ["geo", "day", "value", "note"].into_iter().enumerate() {
        sheet.write(2, u16::try_from(column).unwrap(), name).unwrap();
    }
    let day = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    sheet.write(3, 0, "广东").unwrap();
    sheet.write_with_format(3, 1, ExcelDateTime::from_ymd(2024, 1, 31).unwrap(), &day).unwrap();
    sheet.write(3, 2, 220.000_000_000_000_03).unwrap();
    sheet.write(5, 2, 0.000_001_2).unwrap();
    sheet.write(5, 3, true).unwrap();
    let noon = ExcelDateTime::from_ymd(2024, 1, 31).unwrap().and_hms(12, 30, 0).unwrap();
    sheet.write_with_format(5, 1, noon, &day).unwrap();
    book.add_worksheet().set_name("Other").unwrap().write(0, 0, "x").unwrap();
    book.save_to_buffer().unwrap()
}

fn sheet(name: &str) -> Options {
    Options { sheet: Some(name.to_owned()), ..Options::default() }
}

#[test]
fn the_first_visible_sheet_is_read_row_by_row_as_wide_as_it_is() {
    let table = read(workbook()).unwrap();
    let expected = [
        (1, ["Sales 2024", "", "", ""]),
        (3, ["geo", "day", "value", "note"]),
        (4, ["广东", "2024-01-31", "220", ""]),
        (6, ["", "2024-01-31T12:30:00", "0.0000012", "TRUE"]),
    ];
    assert_eq!(table, expected.map(|(line, row)| (line, row.map(str::to_owned).to_vec())));
    let table = open(workbook(), &Options::default()).unwrap();
    assert_eq!((table.form(), table.sheet()), (Form::Xlsx, Some("Sales")));
    assert_eq!(table.sheets(), ["Notes", "Sales", "Other"]);
}

#[test]
fn a_sheet_is_read_by_its_name() {
    assert_eq!(read_with(workbook(), &sheet("Other")).unwrap()[0].1, ["x"]);
    assert_eq!(read_with(workbook(), &sheet("Notes")).unwrap()[0].1, ["hidden"]);
    let fault = open(workbook(), &sheet("Sale")).err().unwrap();
    assert_eq!((fault.line, fault.value.as_str()), (0, "Sale"));
    assert!(fault.reason.contains("Notes, Sales, Other"), "{fault}");
}

#[test]
fn a_workbook_may_be_packed_again() {
    for packed in [gzip(&workbook()), zstd(&workbook())] {
        assert_eq!(read(packed), read(workbook()));
    }
}

#[test]
fn a_workbook_that_is_open_has_been_read_whole() {
    for content in [workbook(), gzip(&workbook())] {
        let table = open(&content, &Options::default()).unwrap();
        assert_eq!(table.consumed(), content.len() as u64);
    }
}

/// The text of one cell, by the format of its number.
fn cell(value: f64, format: &str) -> String {
    let mut book = Workbook::new();
    book.add_worksheet().write_with_format(0, 0, value, &Format::new().set_num_format(format)).unwrap();
    rows(book.save_to_buffer().unwrap())[0][0].clone()
}

#[test]
fn numbers_are_the_shortest_text_at_15_digits_without_an_exponent() {
    for (value, text) in [
        (0.0, "0"),
        (-0.0, "0"),
        (0.1 + 0.2, "0.3"),
        (-1234.5, "-1234.5"),
        (1.2e-6, "0.0000012"),
        (1e21, "1000000000000000000000"),
        (123_456_789_012_345_680.0, "123456789012346000"),
        (999_999_999_999_999.9, "1000000000000000"),
        (0.999_999_999_999_999_9, "1"),
        (1.0 / 3.0, "0.333333333333333"),
        (2020.0, "2020"),
        (1e-300, &format!("0.{}1", "0".repeat(299))),
    ] {
        assert_eq!(cell(value, "General"), text, "{value:e}");
    }
}

#[test]
fn dates_are_iso_whatever_they_look_like() {
    for (value, format, text) in [
        (45_322.0, "yyyy", "2024-01-31"),
        (45_322.0, "d/m/yy h:mm", "2024-01-31"),
        (45_322.5, "d/m/yy", "2024-01-31T12:00:00"),
        (45_322.999_999_999_99, "d/m/yy", "2024-02-01"),
        (45_322.000_005_787, "h:mm:ss.000", "2024-01-31T00:00:00.500"),
        (0.75, "h:mm", "18:00:00"),
        (1.5, "[h]:mm", "36:00:00"),
        (60.0, "yyyy-mm-dd", "1900-02-29"),
        (61.0, "yyyy-mm-dd", "1900-03-01"),
        (2_958_465.0, "yyyy-mm-dd", "9999-12-31"),
        (2_958_466.0, "yyyy-mm-dd", "2958466"),
        (-1.0, "yyyy-mm-dd", "-1"),
    ] {
        assert_eq!(cell(value, format), text, "{value} as {format}");
    }
}

#[test]
fn a_formula_without_a_result_is_not_an_empty_cell() {
    let cells = "<c r=\"A1\"><f>SUM(B1:C1)</f></c><c r=\"B1\"><f>1+1</f><v>2</v></c><c r=\"C1\"><f>A2*2</f><v></v></c>\
                 <c r=\"D1\" t=\"str\"><f>\"\"</f><v></v></c><c r=\"E1\"><f t=\"shared\" ref=\"E1:F1\" si=\"0\">B1</f></c>\
                 <c r=\"F1\"><f t=\"shared\" si=\"0\"/></c><c r=\"G1\"><f/></c>";
    let book = bounds::remade("xl/worksheets/sheet1.xml", |sheet| {
        let (before, rest) = sheet.split_once("<c ").unwrap();
        format!("{before}{cells}{}", &rest[rest.find("</row>").unwrap()..])
    });
    assert_eq!(rows(&book), [["=SUM(B1:C1)", "2", "=A2*2", "", "=B1", "=…"]]);
}
