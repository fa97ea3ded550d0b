//! Files of chance: whatever they hold, reading ends without a panic, and what can be read is read as it is.

use proptest::prelude::*;
use proptest::sample::Index;

use super::bounds::remade;
use super::*;

/// How a text is packed, by a number.
fn packed(packing: u8, content: &[u8]) -> Vec<u8> {
    match packing % 3 {
        0 => content.to_vec(),
        1 => gzip(content),
        _ => zstd(content),
    }
}

/// Reads to the end or a fault, which is told again.
fn ends(content: &[u8], options: &Options) {
    let file = file(content);
    let Ok(mut table) = Table::open(file.path(), options) else { return };
    let (mut last, mut row) = (0, StringRecord::new());
    let end = loop {
        match table.next(&mut row) {
            Ok(true) => {
                assert!(table.line() >= last && row.iter().any(|field| !field.is_empty()));
                assert!(row.iter().all(|field| field.len() <= 64 << 10 && !field.contains('\0')));
                last = table.line();
            }
            Ok(false) => break Ok(false),
            Err(fault) => break Err(fault),
        }
    };
    assert_eq!(table.next(&mut row), end);
    assert!(table.consumed() <= content.len() as u64);
}

/// One change of a file.
type Change = (u8, Index, Index, u8);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(any::<Change>(), 1..6)
}

fn changed(mut content: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for (kind, one, other, byte) in changes {
        if content.is_empty() {
            break;
        }
        let (one, other) = (one.index(content.len()), other.index(content.len()));
        let range = one.min(other)..one.max(other);
        match kind % 6 {
            0 => content[one] = *byte,
            1 => content[one] ^= 1 << (byte % 8),
            2 => content.truncate(one),
            3 => drop(content.drain(range.start..range.end.min(range.start + 64))),
            4 => content.insert(one, *byte),
            _ => {
                let copy = content[range].to_vec();
                content.splice(other..other, copy);
            }
        }
    }
    content
}

fn options() -> impl Strategy<Value = Options> {
    let encodings = [
        None,
        Some("utf-8"),
        Some("gb18030"),
        Some("big5"),
        Some("utf-16le"),
        Some("iso-2022-jp"),
        Some("x"),
    ];
    let delimiters = [None, Some(b','), Some(b';'), Some(b'x'), Some(0xe5)];
    (prop::sample::select(encodings.to_vec()), prop::sample::select(delimiters.to_vec())).prop_map(
        |(encoding, delimiter)| Options { encoding: encoding.map(str::to_owned), delimiter, sheet: None },
    )
}

/// Fields as they may stand in a file, often such as need care.
fn field() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9 .-]{0,8}", "[\"',;|\t\r\n]{0,4}", "[^\\x00\u{feff}]{0,6}"]
}

fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1..6_usize)
        .prop_flat_map(|width| prop::collection::vec(prop::collection::vec(field(), width..=width), 1..20))
        .prop_map(|mut table| {
            // The first row decides what the file is taken for.
            table[0][0] = "head".to_owned();
            table
        })
}

const LINES: &str = "geo,day,value,note\n广东,2024-01,1.5,\"a \"\"b\"\"\nc\"\n,,,\nCN,2024-02,,x\n";
const OBJECTS: &str =
    "{\"geo\":\"广东\",\"value\":1.5,\"note\":null}\n{\"value\":2,\"geo\":\"\\u5e7f\"}\n{}\n";

const PARTS: [&str; 5] = [
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn bytes_of_chance_end(content: Vec<u8>, packing: u8, options in options()) {
        ends(&packed(packing, &content), &options);
    }

    #[test]
    fn text_of_chance_ends(content in "[ab,;\t|\"{}\\[\\]:1\r\n广]{0,60}", packing: u8, options in options()) {
        ends(&packed(packing, content.as_bytes()), &options);
    }

    #[test]
    fn changed_texts_end(lines: bool, packing: u8, inside in changes(), outside in changes(), which: u8, options in options()) {
        let text = if lines { LINES } else { OBJECTS };
        let mut content = text.repeat(3).into_bytes();
        if which != 0 {
            content = changed(content, &inside);
        }
        content = packed(packing, &content);
        if which % 2 == 0 {
            content = changed(content, &outside);
        }
        ends(&content, &options);
    }

    #[test]
    fn a_table_is_read_as_it_was_written(
        table in table(),
        delimiter in prop::sample::select(b",;\t|".to_vec()),
        crlf: bool,
        packing: u8,
    ) {
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).terminator(terminator).from_writer(Vec::new());
        for row in &table {
            writer.write_record(row).unwrap();
        }
        let content = packed(packing, &writer.into_inner().unwrap());
        let options = Options { delimiter: Some(delimiter), ..Options::default() };
        let read: Vec<_> = read_with(content, &options).unwrap().into_iter().map(|(_, row)| row).collect();
        let expected: Vec<_> = table.into_iter().filter(|row| row.iter().any(|field| !field.is_empty())).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn objects_are_read_as_they_were_written(table in table(), packing: u8) {
        let names: Vec<String> = (0..table[0].len()).map(|column| format!("c{column}")).collect();
        let mut content = String::new();
        for row in &table {
            let object: serde_json::Map<_, _> =
                names.iter().cloned().zip(row.iter().map(|field| field.as_str().into())).collect();
            content.push_str(&serde_json::to_string(&object).unwrap());
            content.push('\n');
        }
        let expected = table.into_iter().filter(|row| row.iter().any(|field| !field.is_empty()));
        prop_assert_eq!(rows(packed(packing, content.as_bytes())), std::iter::once(names).chain(expected).collect::<Vec<_>>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn changed_workbooks_end(changes in changes(), packing: u8, outside: bool) {
        let book = remade("", |part| part);
        let content = if outside {
            changed(packed(packing, &book), &changes)
        } else {
            packed(packing, &changed(book, &changes))
        };
        ends(&content, &Options::default());
    }

    #[test]
    fn workbooks_of_changed_parts_end(part in prop::sample::select(PARTS.to_vec()), changes in changes()) {
        let content = remade(part, |part| {
            String::from_utf8_lossy(&changed(part.into_bytes(), &changes)).into_owned()
        });
        ends(&content, &Options::default());
    }
}
