//! Lines of JSON objects.

use super::*;
use crate::ingest::table::Form;

#[test]
fn the_first_object_names_the_columns_and_each_object_is_a_row() {
    let text = "{\"a\":\"x, \\\"y\\\"\",\"b\":220.00000000000003,\"c\":null}\r\n\n  {\"c\":true,\"a\":1E5}\n{}\n{ \"b\" : \"\\u5e7f\" }";
    let table = read(text).unwrap();
    let lines: Vec<u64> = table.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 1, 3, 5]);
    let rows: Vec<Vec<String>> = table.into_iter().map(|(_, row)| row).collect();
    assert_eq!(
        rows,
        [["a", "b", "c"], ["x, \"y\"", "220.00000000000003", ""], ["1E5", "", "true"], ["", "广", ""]]
    );
    assert_eq!(open(text, &Options::default()).unwrap().form(), Form::Ndjson);
}

#[test]
fn keys_may_be_escaped() {
    assert_eq!(rows("{\"\\u0061\":1}\n{\"a\":2}\n{\"\\u0061\":3}"), [["a"], ["1"], ["2"], ["3"]]);
}

#[test]
fn what_no_row_can_be_made_of_is_a_fault_at_its_line() {
    for (line, value, words) in [
        ("{\"a\":1,\"c\":2}", "c", "no such key"),
        ("{\"a\":[1]}", "a", "nested"),
        ("{\"a\":{\"b\":1}}", "a", "nested"),
        ("{\"a\":1,\"a\":2}", "a", "twice"),
        ("{\"a\":\"\\u0000\"}", "a", "NUL"),
        ("{\"a\":1", "{\"a\":1", "not one whole JSON object"),
        ("{\"a\":1}{\"a\":2}", "{\"a\":1}{\"a\":2}", "not one whole JSON object"),
        ("{\"a\":\"\\ud800\"}", "\"\\ud800\"", "not one whole JSON object"),
        ("[1]", "[1]", "not one whole JSON object"),
        ("5", "5", "not one whole JSON object"),
        ("a,b", "a,b", "not one whole JSON object"),
    ] {
        let fault = fault(format!("{{\"a\":0,\"b\":0}}\n\n{line}\n"));
        assert_eq!((fault.line, fault.value.as_str()), (3, value), "{line}");
        assert!(fault.reason.contains(words), "{line}: {fault}");
    }
}

#[test]
fn the_first_object_must_name_columns() {
    for (text, words) in [
        ("{}\n{\"a\":1}", "has no keys"),
        ("{\"\":1}", "must not be empty"),
        ("{\"a\":1,\"a\":1}", "twice"),
        ("{\"a\":[]}", "nested"),
        ("{\n\"a\": 1\n}", "not one whole JSON object"),
    ] {
        let fault = fault(text);
        assert!(fault.line == 1 && fault.reason.contains(words), "{text}: {fault}");
    }
}

#[test]
fn objects_may_be_packed_and_in_another_encoding() {
    let text = "{\"省份\":\"广东\"}\n";
    let expected = [["省份"], ["广东"]];
    assert_eq!(rows(zstd(text.as_bytes())), expected);
    let (bytes, ..) = encoding_rs::GB18030.encode(text);
    let table = read_with(gzip(&bytes), &encoding("gb18030")).unwrap();
    assert_eq!(table[1], (1, vec!["广东".to_owned()]));
}
