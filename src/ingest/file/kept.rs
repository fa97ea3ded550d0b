//! Files as they were received, kept compressed under their checksum: for audit, and to make the same state again from.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// How hard zstd tries; its own default.
const LEVEL: i32 = 3;

/// The folder of the files that are kept.
#[derive(Debug, Clone)]
pub struct Kept(PathBuf);

/// A file that is kept for an import that is not done yet. Dropped before it is, the file goes where nothing else had kept it.
#[derive(Debug)]
pub struct Keeping {
    path: PathBuf,
    is_new: bool,
}

impl Kept {
    /// The folder in the data folder; made with the first file.
    pub fn of(data_dir: &Path) -> Self {
        Self(data_dir.join("imports/kept"))
    }

    /// Where the file of this checksum is kept.
    pub fn path(&self, checksum: &[u8]) -> PathBuf {
        let name = checksum.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        self.0.join(name + ".zst")
    }

    /// Keeps the bytes of `from`, whose checksum must be this one; blocks.
    pub fn keep(&self, from: impl Read, checksum: &[u8; 32]) -> Result<Keeping> {
        let path = self.path(checksum);
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Error::Full(format!("no room to keep the file at {}", path.display()))
            }
            _ => Error::Startup(format!("the file cannot be kept at {}: {error}", path.display())),
        };
        if path.exists() {
            return Ok(Keeping { path, is_new: false });
        }
        fs::create_dir_all(&self.0).map_err(failed)?;
        let mut file = NamedTempFile::new_in(&self.0).map_err(failed)?;
        let found = compress(from, file.as_file_mut()).map_err(failed)?;
        if found != *checksum {
            return Err(Error::Startup("the file was changed while it was taken in".to_owned()));
        }
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        File::open(&self.0).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Ok(Keeping { path, is_new: true })
    }

    /// Writes the file of this checksum as it was received to `to`; blocks. Refused where it is missing or is another.
    pub fn restore(&self, checksum: &[u8], to: impl Write) -> Result<()> {
        let path = self.path(checksum);
        let failed = |error: io::Error| Error::Startup(format!("the kept file {}: {error}", path.display()));
        let mut reader = zstd::Decoder::new(File::open(&path).map_err(failed)?).map_err(failed)?;
        let mut writer = Hashed { to, digest: Sha256::new() };
        io::copy(&mut reader, &mut writer).map_err(failed)?;
        writer.to.flush().map_err(failed)?;
        if writer.digest.finalize()[..] != *checksum {
            return Err(Error::Startup(format!("the kept file {} is not what was received", path.display())));
        }
        Ok(())
    }
}

impl Keeping {
    /// Says that the import is done.
    pub fn done(mut self) {
        self.is_new = false;
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        // What cannot be removed takes room, and does no harm.
        if self.is_new {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Writes all of `from` compressed, and tells the checksum of what was read.
fn compress(mut from: impl Read, to: &mut File) -> io::Result<[u8; 32]> {
    let mut encoder = zstd::Encoder::new(to, LEVEL)?;
    encoder.include_checksum(true)?;
    let mut writer = Hashed { to: encoder, digest: Sha256::new() };
    io::copy(&mut from, &mut writer)?;
    writer.to.finish()?;
    Ok(writer.digest.finalize().into())
}

/// Hashes what is written through it.
struct Hashed<W> {
    to: W,
    digest: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_kept_once_and_goes_again_where_its_import_is_not_done() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::of(folder.path());
        let text = "geo,value\nCN,1\n".repeat(1000);
        let checksum: [u8; 32] = Sha256::digest(&text).into();
        drop(kept.keep(text.as_bytes(), &checksum).unwrap());
        assert!(!kept.path(&checksum).exists());
        kept.keep(text.as_bytes(), &checksum).unwrap().done();
        drop(kept.keep(text.as_bytes(), &checksum).unwrap());
        let size = fs::metadata(kept.path(&checksum)).unwrap().len();
        assert!(size < 200, "{size} bytes");
        let mut back = Vec::new();
        kept.restore(&checksum, &mut back).unwrap();
        assert_eq!(back, text.as_bytes());
        fs::copy(kept.path(&checksum), kept.path(&[7; 32])).unwrap();
        let other = kept.restore(&[7; 32], Vec::new()).unwrap_err().to_string();
        assert!(other.contains("is not what was received"), "{other}");
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let refused = Kept::of(folder.path()).keep(&b"a"[..], &[0; 32]).unwrap_err().to_string();
        assert!(refused.contains("was changed"), "{refused}");
        assert_eq!(fs::read_dir(folder.path().join("imports/kept")).unwrap().count(), 0);
    }
}
