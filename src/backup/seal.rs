//! The last line of a backup: the SHA-256 of all before it. pg_restore passes it over, and without it takes some damage for data or
//! never ends on it. What is cut off is noticed by pg_restore, so a backup without this line is taken as it is.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use sha2::{Digest, Sha256};

/// What stands before the digest.
const MARK: &str = "china-auto sha256 ";

/// How long the line is: the digest has 64 digits, and a newline follows.
const LENGTH: u64 = MARK.len() as u64 + 65;

/// How much is read at once.
const BUFFER: usize = 1 << 18;

/// Appends the line.
pub(super) fn seal(mut file: &File) -> io::Result<()> {
    let bytes = file.seek(SeekFrom::End(0))?;
    let line = line(file, bytes)?;
    file.seek(SeekFrom::End(0))?;
    file.write_all(line.as_bytes())
}

/// Whether the file is as it was sealed, or was never sealed. Leaves it at its beginning.
pub(super) fn is_whole(mut file: &File) -> io::Result<bool> {
    let before = file.seek(SeekFrom::End(0))?.checked_sub(LENGTH);
    let is_whole = match before {
        None => true,
        Some(before) => {
            file.seek(SeekFrom::Start(before))?;
            let mut found = Vec::new();
            file.take(LENGTH).read_to_end(&mut found)?;
            !found.starts_with(MARK.as_bytes()) || found == line(file, before)?.as_bytes()
        }
    };
    file.rewind()?;
    Ok(is_whole)
}

/// The line for so many bytes from the beginning.
fn line(mut file: &File, bytes: u64) -> io::Result<String> {
    file.rewind()?;
    let (mut digest, mut rest, mut buffer) = (Sha256::new(), file.take(bytes), vec![0; BUFFER]);
    loop {
        match rest.read(&mut buffer)? {
            0 => break,
            read => digest.update(&buffer[..read]),
        }
    }
    let mut line = MARK.to_owned();
    for byte in digest.finalize() {
        let _ = write!(line, "{byte:02x}");
    }
    line.push('\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_of_what_was_sealed_is_noticed_and_what_never_was_is_whole() {
        let sealed = |text: &[u8]| {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(text).unwrap();
            file
        };
        let file = sealed(b"some text");
        assert!(is_whole(&file).unwrap());
        seal(&file).unwrap();
        assert!(is_whole(&file).unwrap());
        let mut whole = Vec::new();
        (&file).read_to_end(&mut whole).unwrap();
        let known = "b94f6f125c79e3a5ffaa826f584c10d52ada669e6762051b826b55776d05aed2";
        assert_eq!(String::from_utf8_lossy(&whole), format!("some textchina-auto sha256 {known}\n"));
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 1;
            let is_mark = ("some text".len()..).contains(&place) && place < "some text".len() + MARK.len();
            assert_eq!(is_whole(&sealed(&damaged)).unwrap(), is_mark, "at {place}");
        }
        assert!(is_whole(&sealed(b"")).unwrap());
    }
}
