//! Delimited text and its encodings.

use super::*;
use crate::ingest::table::Form;

#[test]
fn delimited_text_is_read_as_rfc_4180_has_it() {
    let table = rows("a,b\r\n\"1,5\",\"say \"\"so\"\"\"\r\n\"two\r\nlines\",\r\n");
    assert_eq!(table, [["a", "b"], ["1,5", "say \"so\""], ["two\r\nlines", ""]]);
}

#[test]
fn rows_may_be_of_any_length_and_rows_of_empty_fields_are_passed_over() {
    let table = read("Title\n\na,b\n,\n,,\n\r\n1,2,3\n4").unwrap();
    let lines: Vec<(u64, usize)> = table.iter().map(|(line, row)| (*line, row.len())).collect();
    assert_eq!(lines, [(1, 1), (3, 2), (7, 3), (8, 1)]);
}

#[test]
fn a_row_is_said_to_be_where_it_begins_whatever_ends_a_line() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a,b", "", "\"x", "y\",1", "2,3", "", "", "4,\"5\""].join(end);
        for text in [text.clone(), format!("{text}{end}")] {
            let lines: Vec<u64> = read(&text).unwrap().iter().map(|(line, _)| *line).collect();
            assert_eq!(lines, [1, 3, 5, 8], "{text:?}");
        }
    }
}

#[test]
fn what_stands_between_fields_shows_in_the_first_lines() {
    for (text, width) in [
        ("a,b,c\n1,2,3\n", 3),
        ("year;value\n2020;1,5\n2021;2,5\n", 2),
        ("year\tvalue, in units\n2020\t1,5\n", 2),
        ("a|b|c|d\n1|2|3|4\n", 4),
        ("Sales, by country\nSource: x, y\n\nyear;country;value\n2020;CN;1\n2021;CN;2\n2022;CN;3\n", 3),
        ("name;note\n\"a,b,c\";\"x,y,z\"\n", 2),
        ("value\n1\n2\n", 1),
    ] {
        assert_eq!(rows(text).last().unwrap().len(), width, "{text:?}");
    }
}

#[test]
fn what_stands_between_fields_can_be_said() {
    let options = |delimiter| Options { delimiter: Some(delimiter), ..Options::default() };
    let table = read_with("a,b;c\n", &options(b';')).unwrap();
    assert_eq!(table[0].1, ["a,b", "c"]);
    for delimiter in [b'"', b'\n', b'\r', 0, 0x80, 0xff] {
        let fault = open("a,b\n", &options(delimiter)).err().unwrap();
        assert!(fault.line == 0 && fault.reason.contains("`delimiter`"), "{fault}");
    }
}

#[test]
fn a_text_is_of_the_encoding_of_its_byte_order_mark() {
    let text = "省份,产量\n广东,1\n";
    let expected = [["省份", "产量"], ["广东", "1"]];
    assert_eq!(rows(text), expected);
    assert_eq!(rows(format!("\u{feff}{text}")), expected);
    let utf_16: Vec<u16> = format!("\u{feff}{text}").encode_utf16().collect();
    let little: Vec<u8> = utf_16.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = utf_16.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    assert_eq!(rows(&little), expected);
    assert_eq!(rows(&big), expected);
    assert_eq!(rows(gzip(&little)), expected);
    assert_eq!(read_with(&little, &encoding("gb18030")).unwrap()[1].1, expected[1]);
    assert_eq!(read_with(&little[2..], &encoding("utf-16le")).unwrap()[1].1, expected[1]);
}

#[test]
fn a_text_is_read_in_the_encoding_that_is_given() {
    for (label, text) in
        [("gb18030", "省份,产量\n广东,𠮷\n"), ("big5", "省份,產量\n廣東,1\n"), ("windows-1252", "a\né\n")]
    {
        let (bytes, _, unmappable) = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap().encode(text);
        assert!(!unmappable);
        let table = read_with(&bytes, &encoding(label)).unwrap();
        let read: Vec<String> = table.into_iter().map(|(_, row)| row.join(",")).collect();
        assert_eq!(read, text.lines().collect::<Vec<_>>(), "{label}");
    }
    let unknown = open("a\n", &encoding("klingon")).err().unwrap();
    assert_eq!((unknown.line, unknown.value.as_str()), (0, "klingon"));
}

#[test]
fn text_that_is_not_valid_ends_reading_at_its_line_with_what_to_do() {
    let (bytes, ..) = encoding_rs::GB18030.encode("广");
    for lines in [0, 1, 3, 20_000] {
        let mut text = "a,b\n".repeat(lines).into_bytes();
        text.extend_from_slice(b"x,");
        text.extend_from_slice(&bytes);
        text.extend_from_slice(b"\n1,2\n");
        let (rows, fault) = rest(&mut open(&text, &Options::default()).unwrap());
        let fault = fault.unwrap();
        assert_eq!((rows.len(), fault.line, fault.value.as_str()), (lines, lines as u64 + 1, "B9"));
        assert!(fault.reason.contains("`encoding`, for example gb18030"), "{fault}");
    }
    let fault = read_with([b'a', b'\n', 0xff, 0xff], &encoding("big5")).unwrap_err();
    assert!(fault.line == 2 && fault.reason.contains("not valid Big5"), "{fault}");
    assert_eq!(super::fault(b"a,b\n1,\xe4\xb8").line, 2);
}

#[test]
fn nul_characters_are_a_fault() {
    let fault = super::fault("a,b\n1,2\n3,\0\n");
    assert!(fault.line == 3 && fault.reason.contains("utf-16le"), "{fault}");
    assert_eq!(super::fault(b"a\0,\0b\0\n\0").line, 1);
}

#[test]
fn a_quotation_mark_that_is_not_closed_is_a_fault_where_it_stands() {
    for text in ["a,b\n1,2\n3,\"4\n5,6\n", "a,b\n1,2\n3,\"4\n5,6", "a,b\n1,2\n3,\"4\n5,\"\"6\"\"\n"] {
        let fault = super::fault(text);
        assert!(fault.line == 3 && fault.reason.contains("not closed"), "{text:?}: {fault}");
    }
    assert_eq!(rows("a,b\n3,\"4\n5\"").len(), 2);
}

#[test]
fn a_fault_is_told_again() {
    let mut table = open("a\n\0\n", &Options::default()).unwrap();
    assert_eq!(table.form(), Form::Csv);
    let (_, first) = rest(&mut table);
    assert_eq!(rest(&mut table), (Vec::new(), first));
}
