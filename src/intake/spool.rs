//! The folder where files that are sent wait until they are taken in.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use nix::fcntl::{Flock, FlockArg};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;
use uuid::Uuid;

use crate::database::embedded::make_data_dir;
use crate::error::{Error, Fault, Result};

/// For how long nothing may come of a body before it is given up.
const IDLE: Duration = Duration::from_secs(30);

/// How many bytes a second a body has to bring on the average, once it has taken longer than that: senders who bring less would keep
/// others from their turn.
const SLOWEST: u64 = 1024;

/// The folder. Only one process has it at a time.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    id: String,
    most: u64,
    held: Arc<AtomicU64>,
    _lock: Flock<File>,
}

/// A whole file that was sent and belongs to no import yet. Dropped, it is gone.
#[derive(Debug)]
pub struct Upload {
    file: NamedTempFile,
    room: Room,
    /// SHA-256 over its bytes.
    pub checksum: [u8; 32],
}

/// Bytes that count as taken.
#[derive(Debug)]
struct Room {
    held: Arc<AtomicU64>,
    bytes: u64,
}

impl Spool {
    /// Whether the data folder has one for any database.
    pub fn is_in(data_dir: &Path) -> bool {
        data_dir.join("imports/spool").is_dir()
    }

    /// The spool in the data folder for this database, made where it is missing, for files of up to so many bytes together. `None` where
    /// another process has it. What waits for another database is none of its business.
    pub fn open(data_dir: &Path, database: &str, most: u64) -> Result<Option<Self>> {
        let folder = data_dir.join("imports/spool").join(database);
        let failed = |error: io::Error| {
            Error::Startup(format!("the folder {} cannot be used: {error}", folder.display()))
        };
        // Not closed like what is in it: an embedded server may move in later.
        make_data_dir(data_dir)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
        let path = folder.with_file_name(format!("{database}.lock"));
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(failed)?;
        let Ok(lock) = Flock::lock(lock, FlockArg::LockExclusiveNonblock) else { return Ok(None) };
        let id = id(&folder.with_file_name(format!("{database}.id"))).map_err(failed)?;
        let held = Arc::new(AtomicU64::new(0));
        Ok(Some(Self { folder, id, most, held, _lock: lock }))
    }

    /// What tells this folder from those of other instances.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where the file of an import is.
    pub fn path(&self, import: i32) -> PathBuf {
        self.folder.join(import.to_string())
    }

    /// The size of an import's file, in bytes; 0 where it is not here.
    pub fn size(&self, import: i32) -> u64 {
        self.path(import).metadata().map_or(0, |metadata| metadata.len())
    }

    /// Removes all but the files of these imports, and counts those. For before anything arrives.
    pub fn sweep(&self, imports: &[i32]) -> Result<()> {
        let failed = |error: io::Error| {
            Error::Startup(format!("the folder {} cannot be cleared: {error}", self.folder.display()))
        };
        self.held.store(0, Ordering::Relaxed);
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let import = path.file_name().and_then(|name| name.to_str()?.parse().ok());
            match import.filter(|import| imports.contains(import)) {
                Some(import) => drop(self.held.fetch_add(self.size(import), Ordering::Relaxed)),
                None => fs::remove_file(path).map_err(failed)?,
            }
        }
        Ok(())
    }

    /// Writes a body to disk as it comes. `length` is what its sender says.
    pub async fn receive<E: std::error::Error>(
        &self,
        mut body: impl Stream<Item = std::result::Result<Bytes, E>> + Unpin,
        length: Option<u64>,
    ) -> Result<Upload> {
        if length.is_some_and(|length| length > self.most) {
            return Err(Error::Oversize(self.most));
        }
        let file = NamedTempFile::new_in(&self.folder).map_err(|error| full(&error))?;
        let mut writer = tokio::fs::File::from_std(file.reopen().map_err(|error| full(&error))?);
        let (mut digest, mut room) = (Sha256::new(), Room { held: Arc::clone(&self.held), bytes: 0 });
        let begun = Instant::now();
        loop {
            let took = begun.elapsed();
            if took > IDLE && room.bytes < took.as_secs() * SLOWEST {
                return Err(Error::Stalled(IDLE.as_secs()));
            }
            let bytes = match tokio::time::timeout(IDLE, body.next()).await {
                Err(_) => return Err(Error::Stalled(IDLE.as_secs())),
                Ok(Some(Ok(bytes))) => bytes,
                Ok(Some(Err(error))) => return Err(of_body(&format!("did not arrive whole: {error}"))),
                Ok(None) => break,
            };
            room.take(bytes.len() as u64, self.most)?;
            digest.update(&bytes);
            writer.write_all(&bytes).await.map_err(|error| full(&error))?;
        }
        if room.bytes == 0 {
            return Err(of_body("is empty: the file is sent as the body"));
        }
        writer.sync_all().await.map_err(|error| full(&error))?;
        Ok(Upload { file, room, checksum: digest.finalize().into() })
    }

    /// Makes an upload the file of an import, lastingly; blocks.
    pub fn place(&self, upload: Upload, import: i32) -> Result<()> {
        let Upload { file, room, .. } = upload;
        file.persist(self.path(import)).map_err(|error| full(&error.error))?;
        room.stays();
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(|error| full(&error))
    }

    /// Removes the file of an import, if it is here.
    pub fn remove(&self, import: i32) {
        let size = self.size(import);
        if fs::remove_file(self.path(import)).is_ok() {
            self.held.fetch_sub(size, Ordering::Relaxed);
        }
    }
}

impl Upload {
    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.room.bytes
    }
}

impl Room {
    fn take(&mut self, bytes: u64, most: u64) -> Result<()> {
        let others = self.held.fetch_add(bytes, Ordering::Relaxed) - self.bytes;
        self.bytes += bytes;
        if self.bytes > most {
            return Err(Error::Oversize(most));
        }
        if others + self.bytes > most {
            let detail =
                "the files that wait to be taken in have taken the room for such files; try again later";
            return Err(Error::Full(detail.to_owned()));
        }
        Ok(())
    }

    /// Counts on, for the file that now has it.
    fn stays(mut self) {
        self.bytes = 0;
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A fault of the body.
fn of_body(detail: &str) -> Error {
    Error::Malformed(vec![Fault::new("(body)", "", detail)])
}

fn full(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::Full("there is no room left on the disk of the service".to_owned())
        }
        _ => Error::internal("writing a file that is sent", io::Error::other(error.to_string())),
    }
}

/// The id in a file, which is made with a new one where it is missing.
fn id(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => {
            let id = Uuid::now_v7().to_string();
            let folder = path.parent().unwrap_or(Path::new("."));
            let file = NamedTempFile::new_in(folder)?;
            fs::write(file.path(), &id)?;
            file.as_file().sync_all()?;
            file.persist(path)?;
            Ok(id)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use futures_util::stream;

    use super::*;

    fn body(pieces: &[&str]) -> impl Stream<Item = io::Result<Bytes>> + Unpin {
        let pieces: Vec<_> =
            pieces.iter().map(|piece| Ok(Bytes::copy_from_slice(piece.as_bytes()))).collect();
        stream::iter(pieces)
    }

    #[test]
    fn the_spool_is_closed_and_the_data_folder_that_it_makes_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let data_dir = parent.path().join("data");
        let _spool = Spool::open(&data_dir, "own", 10).unwrap().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&data_dir), mode(&data_dir.join("imports"))), (0o755, 0o700));
    }

    #[tokio::test]
    async fn what_is_sent_is_there_whole_or_not_at_all_and_room_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), "own", 10).unwrap().unwrap();
        assert!(Spool::open(folder.path(), "own", 10).unwrap().is_none(), "another process has it");
        let other = Spool::open(folder.path(), "other", 10).unwrap().unwrap();
        let upload = spool.receive(body(&["geo,", "val"]), None).await.unwrap();
        assert_eq!((upload.size(), upload.checksum), (7, Sha256::digest("geo,val").into()));
        let busy = spool.receive(body(&["12345"]), None).await.unwrap_err();
        assert!(matches!(busy, Error::Full(_)), "{busy}");
        spool.place(upload, 4).unwrap();
        other.sweep(&[]).unwrap();
        assert!(matches!(spool.receive(body(&["1", "2345678901"]), None).await, Err(Error::Oversize(10))));
        assert!(matches!(spool.receive(body(&[]), Some(11)).await, Err(Error::Oversize(10))));
        assert!(matches!(spool.receive(body(&[]), None).await, Err(Error::Malformed(_))));
        let broken = stream::iter([Ok(Bytes::from_static(b"ab")), Err(io::Error::other("gone"))]);
        assert!(matches!(spool.receive(broken, None).await, Err(Error::Malformed(_))));
        assert_eq!(fs::read_dir(&spool.folder).unwrap().count(), 1);
        assert_eq!(spool.held.load(Ordering::Relaxed), 7);
        let id = spool.id().to_owned();
        drop(spool);
        let again = Spool::open(folder.path(), "own", 10).unwrap().unwrap();
        fs::write(again.path(5), "of no import").unwrap();
        fs::write(again.folder.join(".tmpA"), "half a file").unwrap();
        again.sweep(&[4]).unwrap();
        assert_eq!((again.id(), again.held.load(Ordering::Relaxed)), (id.as_str(), 7));
        assert_eq!(fs::read_dir(&again.folder).unwrap().count(), 1);
        again.remove(4);
        assert_eq!(again.held.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), "own", 10).unwrap().unwrap();
        let hanging = body(&["ab"]).chain(stream::pending());
        let stalled = spool.receive(hanging, None).await.unwrap_err();
        assert!(matches!(stalled, Error::Stalled(30)), "{stalled}");
        let drops = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(15)).await;
            Some((Ok::<_, io::Error>(Bytes::from_static(b"x")), ()))
        });
        let slow = spool.receive(Box::pin(drops), None).await.unwrap_err();
        assert!(matches!(slow, Error::Stalled(30)), "{slow}");
        assert_eq!(fs::read_dir(&spool.folder).unwrap().count(), 0);
    }
}
