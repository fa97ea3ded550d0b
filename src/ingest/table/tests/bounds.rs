//! What is refused, and how little is read of what is too large.

use rust_xlsxwriter::Workbook;
use zip::write::SimpleFileOptions;

use super::*;

/// The most that is read ahead of a file, packed or not, beyond a record.
const AHEAD: u64 = 256 << 10;

#[test]
fn files_of_other_kinds_are_refused_with_what_they_are_and_what_is_taken() {
    let mut other = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    other.start_file("photo.txt", SimpleFileOptions::default()).unwrap();
    let other = other.finish().unwrap().into_inner();
    for (content, words) in [
        (&b""[..], "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\n \n", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "(.xls)"),
        (b"PAR1\x15\x04\x15", "Parquet"),
        (b"PAR1", "Parquet"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "no workbook"),
        (&other, "no workbook"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"\n\n<HTML><body>", "HTML"),
        (b"<?xml version=\"1.0\"?>", "XML"),
        (b"[{\"a\":1}]", "JSON array"),
        (b"[\n  {\"a\":1}]", "JSON array"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
    ] {
        for content in [content.to_vec(), gzip(content), zstd(content)] {
            let fault = fault(&content);
            assert!(fault.line == 0 && fault.reason.contains(words), "{words}: {fault}");
            assert!(fault.reason.contains("CSV, NDJSON"), "{fault}");
        }
    }
    assert!(fault(gzip(&gzip(b"a,b\n"))).reason.contains("packed twice"));
}

#[test]
fn text_that_only_looks_like_another_kind_is_read() {
    for text in ["PAR1,PAR2\n1,2\n", "[id],[name]\n1,2\n", "<name>,b\n1,2\n", "{x},y\n1,2\n", "PK,b\n1,2\n"] {
        assert_eq!(rows(text).len(), 2, "{text}");
    }
}

/// Members of which each unpacks to 16 MiB of `filler`, together to 1 GiB.
fn huge(pack: fn(&[u8]) -> Vec<u8>, head: &str, filler: &str) -> Vec<u8> {
    let member = pack(&filler.repeat((16 << 20) / filler.len()).into_bytes());
    let mut packed = pack(head.as_bytes());
    for _ in 0..64 {
        packed.extend_from_slice(&member);
    }
    packed
}

#[test]
fn of_a_line_without_an_end_little_is_read() {
    for (head, filler, line) in [
        ("", "a", 1),
        ("a,b\n1,", "a", 2),
        ("a,b\n1,\"", "1,2\n", 2),
        ("a,b\n1,2\n", ",", 3),
        ("{\"a\":1}\n{\"a\":\"", "a", 2),
        ("{\"a\":1}\n", " ", 2),
    ] {
        for pack in [gzip, zstd] {
            let packed = huge(pack, head, filler);
            let mut table = open(&packed, &Options::default()).unwrap();
            let (_, fault) = rest(&mut table);
            let fault = fault.unwrap();
            assert!(
                fault.line == line && fault.reason.contains("longer than 1 MiB"),
                "{head}{filler}: {fault}"
            );
            assert!(table.consumed() <= AHEAD, "{} of {}", table.consumed(), packed.len());
        }
    }
}

#[test]
fn of_a_plain_line_without_an_end_little_is_read() {
    let file = file(b"a,b\n1,");
    file.as_file().set_len(10 << 30).unwrap();
    let mut table = Table::open(file.path(), &Options::default()).unwrap();
    assert!(rest(&mut table).1.unwrap().reason.contains("NUL"));
    assert!(table.consumed() <= AHEAD);

    let content = [&b"a,b\n1,"[..], &b"x".repeat(8 << 20)].concat();
    let mut table = open(&content, &Options::default()).unwrap();
    assert_eq!(rest(&mut table).1.unwrap().line, 2);
    assert!(table.consumed() <= (1 << 20) + AHEAD, "{}", table.consumed());
}

#[test]
fn a_record_may_have_1_mib_and_a_field_64_kib() {
    let field = "x".repeat(64 << 10);
    let row =
        |fields: usize, rest: usize| format!("{}{}", format!("{field},").repeat(fields), "y".repeat(rest));
    // Fifteen fields with what follows each, a last one and the end of the line.
    let rest = (1 << 20) - 15 * (field.len() + 1) - 1;
    assert_eq!(rows(format!("{}\n", row(15, rest)))[0].len(), 16);
    let fault = super::fault(format!("a\n{}\n", row(15, rest + 1)));
    assert!(fault.line == 2 && fault.reason.contains("longer than 1 MiB"), "{fault}");
    for text in [format!("a,b\n\"{field}\",{field}z\n"), format!("{{\"a\":1}}\n{{\"a\":\"{field}z\"}}\n")] {
        let fault = super::fault(text);
        assert!(fault.line == 2 && fault.reason.contains("65537 bytes"), "{fault}");
    }
}

/// A workbook of one cell, with one entry of it made anew.
pub fn remade(name: &str, remake: impl Fn(String) -> String) -> Vec<u8> {
    remade_of("text", name, remake)
}

fn remade_of(text: &str, name: &str, remake: impl Fn(String) -> String) -> Vec<u8> {
    let mut book = Workbook::new();
    book.add_worksheet().write(0, 0, text).unwrap();
    let book = book.save_to_buffer().unwrap();
    let mut read = zip::ZipArchive::new(std::io::Cursor::new(book)).unwrap();
    let mut write = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for index in 0..read.len() {
        let mut entry = read.by_index(index).unwrap();
        let entry_name = entry.name().unwrap().into_owned();
        let content = std::io::read_to_string(&mut entry).unwrap();
        write.start_file(entry_name.as_str(), SimpleFileOptions::default()).unwrap();
        let content = if entry_name == name { remake(content) } else { content };
        write.write_all(content.as_bytes()).unwrap();
    }
    write.finish().unwrap().into_inner()
}

#[test]
fn a_workbook_that_unpacks_to_much_is_refused_before_it_is_parsed() {
    let bomb = remade("xl/worksheets/sheet1.xml", |sheet| sheet + &" ".repeat(24 << 20));
    assert!(bomb.len() < 100_000);
    assert!(fault(&bomb).reason.contains("unpacks to more than"), "{}", fault(&bomb));
    let within = remade("xl/worksheets/sheet1.xml", |sheet| sheet + &" ".repeat(4 << 20));
    assert_eq!(rows(&within), [["text"]]);
}

#[test]
fn a_workbook_that_lies_is_refused() {
    let strings = |count: &str| {
        remade("xl/sharedStrings.xml", |strings| {
            strings.replace("uniqueCount=\"1\"", &format!("uniqueCount=\"{count}\""))
        })
    };
    assert_eq!(rows(strings("2")), [["text"]]);
    for count in ["4194305", "999999999999", "18446744073709551615"] {
        assert!(fault(strings(count)).reason.contains("4194304 texts"), "{count}");
    }
    let sheet = |from: &'static str, to: &'static str| {
        remade("xl/worksheets/sheet1.xml", move |sheet| {
            assert!(sheet.contains(from), "{sheet}");
            sheet.replace(from, to)
        })
    };
    assert!(fault(sheet("r=\"A1\"", "r=\"ZZZZ1\"")).reason.contains("16,384 columns"));
    assert!(fault(sheet("r=\"A1\"", "r=\"A1048577\"")).reason.contains("1,048,576 rows"));
    assert_eq!(rows(sheet("ref=\"A1\"", "ref=\"A1:XFD1048576\"")), [["text"]]);
    assert_eq!(fault(sheet("<v>0</v>", "<v>7</v>")).line, 0);
    let styles = remade("xl/styles.xml", |styles| styles.replace("Calibri", &"x".repeat(3 << 10)));
    assert!(fault(styles).reason.contains("styles"));
}

#[test]
fn a_sheet_that_is_nearly_empty_and_very_large_is_refused() {
    let wide = remade("xl/worksheets/sheet1.xml", |sheet| {
        let cells = "<row><c><v>1</v></c></row>".repeat(20_000);
        let cells = format!("{cells}<row r=\"30000\"><c r=\"XFD30000\"><v>1</v></c></row>");
        sheet.replace("</sheetData>", &format!("{cells}</sheetData>"))
    });
    assert!(fault(wide).reason.contains("far to the right"));
}

#[test]
fn a_workbook_that_is_cut_off_is_refused() {
    let whole = remade("", |entry| entry);
    for end in (4..whole.len()).step_by(97) {
        assert_eq!(fault(&whole[..end]).line, 0, "{end} of {}", whole.len());
    }
}

#[test]
fn a_text_that_stands_in_very_many_cells_is_refused() {
    let text = "x".repeat(32_000);
    let book = remade_of(&text, "xl/worksheets/sheet1.xml", |sheet| {
        let cells = "<row><c t=\"s\"><v>0</v></c></row>".repeat(9000);
        sheet.replace("</sheetData>", &format!("{cells}</sheetData>"))
    });
    let fault = fault(book);
    assert!(fault.line > 8000 && fault.reason.contains("256 MiB of text"), "{fault}");
}
