//! Packed files.

use super::*;

const TEXT: &str = "a,b\n1,2\n3,4\n";

/// With a checksum, as `zstd` writes it.
fn checked(content: &[u8]) -> Vec<u8> {
    let mut packed = zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
    packed.include_checksum(true).unwrap();
    packed.write_all(content).unwrap();
    packed.finish().unwrap()
}

#[test]
fn packed_files_are_unpacked_whatever_they_are_called() {
    assert_eq!(rows(gzip(TEXT.as_bytes())), rows(TEXT));
    assert_eq!(rows(zstd(TEXT.as_bytes())), rows(TEXT));
}

#[test]
fn a_packed_file_may_be_of_many_parts() {
    let (first, second) = TEXT.as_bytes().split_at(7);
    assert_eq!(rows([gzip(first), gzip(b""), gzip(second)].concat()), rows(TEXT));
    assert_eq!(rows([zstd(first), zstd(b""), zstd(second)].concat()), rows(TEXT));
    let skipped = [0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9];
    assert_eq!(rows([&skipped[..], &zstd(first), &skipped, &zstd(second)].concat()), rows(TEXT));
}

#[test]
fn a_packed_file_that_is_cut_off_anywhere_is_refused() {
    for packed in [gzip(TEXT.as_bytes()), checked(TEXT.as_bytes()), zstd(TEXT.as_bytes())] {
        for end in 4..packed.len() {
            let fault = fault(&packed[..end]);
            assert!(fault.reason.contains("cut off"), "{end} of {}: {fault}", packed.len());
        }
        let fault = fault([&packed[..], &packed[..12]].concat());
        assert!(fault.reason.contains("cut off"), "{fault}");
    }
}

#[test]
fn a_packed_file_of_which_a_byte_is_wrong_reads_as_it_was_or_not_whole() {
    for packed in [gzip(TEXT.as_bytes()), checked(TEXT.as_bytes())] {
        let mut faults = 0;
        for at in 4..packed.len() {
            let mut wrong = packed.clone();
            wrong[at] ^= 0x55;
            match read(&wrong) {
                Ok(table) => assert_eq!(Ok(table), read(TEXT), "byte {at}"),
                Err(_) => faults += 1,
            }
        }
        assert!(faults > 8);
    }
}

#[test]
fn something_after_the_packed_data_is_a_fault() {
    for packed in [gzip(TEXT.as_bytes()), zstd(TEXT.as_bytes())] {
        let (rows, fault) =
            rest(&mut open([&packed, &b"more of it"[..]].concat(), &Options::default()).unwrap());
        assert_eq!(rows.len(), 3);
        assert!(fault.unwrap().reason.contains("corrupt"));
    }
}

#[test]
fn a_window_that_is_too_large_is_refused() {
    let packed = |log: u32| {
        let mut packed = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
        packed.window_log(log).unwrap();
        packed.write_all(TEXT.as_bytes()).unwrap();
        packed.finish().unwrap()
    };
    assert_eq!(rows(packed(27)), rows(TEXT));
    assert!(fault(packed(28)).reason.contains("128 MiB"));
}

#[test]
fn what_has_been_read_of_a_file_is_counted_as_it_is_stored() {
    let row = |number: u32| format!("{number},{}\n", number.wrapping_mul(2_654_435_761));
    let text: String = (0..100_001).map(row).collect();
    for content in [text.clone().into_bytes(), gzip(text.as_bytes()), zstd(text.as_bytes())] {
        let file = file(&content);
        let mut table = Table::open(file.path(), &Options::default()).unwrap();
        let first = table.consumed();
        assert!(first > 0 && first < content.len() as u64, "{first}");
        assert_eq!(rest(&mut table).0.len(), 100_001);
        assert_eq!(table.consumed(), content.len() as u64);
    }
}

#[test]
fn a_file_that_is_not_there_is_a_fault_of_the_file() {
    let fault = Table::open(std::path::Path::new("no/such/file"), &Options::default()).err().unwrap();
    assert_eq!(fault.line, 0);
}
