//! The lock of a data folder: held by the process that runs its server, and freed by the system when that dies.

use std::fs::{File, OpenOptions};
use std::io::{Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

use super::failed;
use crate::error::Result;

/// Who holds the lock, as the lock file tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holder {
    /// The process.
    pub(super) pid: u32,
    /// The folder of the socket; `None` while the server is starting or stopping.
    pub(super) socket: Option<PathBuf>,
}

/// The lock, held.
#[derive(Debug)]
pub(super) struct Lock {
    file: Flock<File>,
}

impl Lock {
    /// Takes the lock for this process; `None` if another one holds it.
    pub(super) fn take(path: &Path) -> Result<Option<Self>> {
        let opened = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o644)
            .custom_flags(nix::libc::O_NOFOLLOW)
            .open(path);
        let file = opened.map_err(failed("open the lock file", path))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(file) => {
                let mut lock = Self { file };
                lock.record(None).map_err(failed("write the lock file", path))?;
                Ok(Some(lock))
            }
            Err((_, Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, error)) => Err(failed("lock", path)(error.into())),
        }
    }

    /// Says where the server of this process can be reached, or that it cannot.
    pub(super) fn record(&mut self, socket: Option<&Path>) -> std::io::Result<()> {
        let holder = Holder { pid: std::process::id(), socket: socket.map(Path::to_owned) };
        let text = serde_json::to_string(&holder)?;
        self.file.rewind()?;
        self.file.set_len(0)?;
        self.file.write_all(text.as_bytes())
    }

    /// Who holds the lock. `None` if that cannot be read, which happens for the moment in which it is written.
    pub(super) fn holder(path: &Path) -> Option<Holder> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_names_its_holder_and_is_free_again_once_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let mut held = Lock::take(&path).unwrap().unwrap();
        held.record(Some(Path::new("/run/here"))).unwrap();
        assert!(Lock::take(&path).unwrap().is_none());
        let holder = Holder { pid: std::process::id(), socket: Some("/run/here".into()) };
        assert_eq!(Lock::holder(&path), Some(holder));
        drop(held);
        assert!(Lock::take(&path).unwrap().is_some());
    }
}
