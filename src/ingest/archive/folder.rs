//! The folder while it is written: under a temporary name beside its own, which it takes when it is whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use sha2::{Digest, Sha256};

use super::manifest::{self, Listed, Manifest};
use crate::error::{Error, Result};

/// How much of a file is gathered before it is written.
const BUFFER: usize = 1 << 18;

/// A folder that is not whole yet. Dropped, it is cleared away; what a killed program left is cleared away by the next.
pub(super) struct Unfinished {
    path: PathBuf,
    target: PathBuf,
    files: Vec<Listed>,
    /// Keeps others from clearing it away.
    _lock: Flock<File>,
}

impl Unfinished {
    /// Begins a folder that will stand at `target`, where nothing stands yet but at most an empty folder.
    pub(super) fn begin(target: &Path) -> Result<Self> {
        check_free(target)?;
        let name = target.file_name().ok_or_else(|| {
            Error::Startup(format!("{} is not the name of a folder that can be made", target.display()))
        })?;
        let mut unfinished = name.to_owned();
        unfinished.push(".unfinished");
        let path = target.with_file_name(unfinished);
        fs::create_dir_all(&path).map_err(failed("make the folder", &path))?;
        let folder = File::open(&path).map_err(failed("open", &path))?;
        let lock = Flock::lock(folder, FlockArg::LockExclusiveNonblock)
            .map_err(|_| Error::Startup(format!("another export is being written to {}", path.display())))?;
        clear(&path).map_err(failed("clear", &path))?;
        Ok(Self { path, target: target.to_owned(), files: Vec::new(), _lock: lock })
    }

    /// Begins a file with this header.
    pub(super) fn file(&self, path: &str, header: &[&str]) -> Result<Output> {
        let place = self.path.join(path);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(failed("make the folder", parent))?;
        }
        let file = File::create_new(&place).map_err(failed("make", &place))?;
        let hashed = Hashed { file, digest: Sha256::new() };
        let writer = csv::WriterBuilder::new().buffer_capacity(BUFFER).from_writer(hashed);
        let mut output = Output { writer, place, listed: path.to_owned(), rows: 0 };
        output.row(header)?;
        output.rows = 0;
        Ok(output)
    }

    /// Ends a file.
    pub(super) fn end(&mut self, output: Output) -> Result<u64> {
        let Output { writer, place, listed: path, rows } = output;
        let failed = failed("write", &place);
        let hashed = match writer.into_inner() {
            Ok(hashed) => hashed,
            Err(error) => return Err(failed(error.into_error())),
        };
        hashed.file.sync_all().map_err(failed)?;
        let sha256 = hexadecimal(&hashed.digest.finalize());
        self.files.push(Listed { path, rows, sha256 });
        Ok(rows)
    }

    /// Writes what the folder holds and gives it its name.
    pub(super) fn finish(mut self, migration: i64) -> Result<()> {
        let manifest = Manifest::of(migration, std::mem::take(&mut self.files));
        let place = self.path.join(manifest::NAME);
        let written = File::create_new(&place).and_then(|mut file| {
            file.write_all(manifest.text().map_err(io::Error::other)?.as_bytes())?;
            file.sync_all()
        });
        written.map_err(failed("write", &place))?;
        // An empty folder in its place gives way, anything else does not.
        fs::rename(&self.path, &self.target).map_err(failed("put the export at", &self.target))?;
        self.path.clear();
        let parent = self.target.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        File::open(parent).and_then(|parent| parent.sync_all()).map_err(failed("sync", parent))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Where it was renamed there is nothing; where it cannot be removed, the next export clears it.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn check_free(target: &Path) -> Result<()> {
    match fs::read_dir(target).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::Startup(format!(
            "{} is not empty: an export is written to a folder of its own",
            target.display()
        ))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("look into", target)(error)),
    }
}

fn clear(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A file while it is written.
pub(super) struct Output {
    writer: csv::Writer<Hashed>,
    place: PathBuf,
    listed: String,
    rows: u64,
}

impl Output {
    /// Adds a row.
    pub(super) fn row<T: AsRef<[u8]>>(&mut self, cells: impl IntoIterator<Item = T>) -> Result<()> {
        self.rows += 1;
        self.writer.write_record(cells).map_err(|error| failed("write", &self.place)(error.into()))
    }
}

/// A file with the sum of what was written to it.
struct Hashed {
    file: File,
    digest: Sha256,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// SHA-256 of a file, in hexadecimal digits.
pub(super) fn checksum(path: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    let (mut file, mut buffer) = (File::open(path)?, vec![0; BUFFER]);
    loop {
        match io::Read::read(&mut file, &mut buffer)? {
            0 => return Ok(hexadecimal(&digest.finalize())),
            read => digest.update(&buffer[..read]),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Words an operating system's error for the operator.
pub(super) fn failed(doing: &str, path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    let what = format!("cannot {doing} {}", path.display());
    move |error| Error::Startup(format!("{what}: {error}"))
}
