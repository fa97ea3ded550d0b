//! The layout of the data folder. It belongs to the user of this process; the cluster and the socket to PostgreSQL's.

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use nix::unistd::Uid;
use sha2::{Digest, Sha256};

use super::failed;
use super::owner::Owner;
use crate::error::{Error, Result};

/// The longest path of a Unix socket that every system takes: macOS has 104 bytes with the NUL, Linux 108.
const LONGEST_SOCKET_PATH: usize = 103;

/// What PostgreSQL calls its socket: the port is part of the name, though no port is listened on.
pub(super) const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// Where the socket goes if the data folder lies too deep. A fixed place: what an interrupted run left is used again.
const SHORT_PARENT: &str = "/tmp";

/// How the folders begin in which clusters are made.
const UNFINISHED: &str = "postgresql.unfinished";

/// The data folder and the paths in it.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Makes the folder where it is missing.
    pub(super) fn open(path: &Path) -> Result<Self> {
        make_data_dir(path)?;
        let root = path.canonicalize().map_err(failed("find the data folder", path))?;
        Ok(Self { root })
    }

    /// The folder itself, absolute and without links.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Where PostgreSQL keeps its data.
    pub(super) fn cluster(&self) -> PathBuf {
        cluster(&self.root)
    }

    /// Where a cluster is made, before it is whole and takes its name: a folder of this attempt alone, since the initdb of an
    /// interrupted one may go on for a moment.
    pub(super) fn unfinished(&self) -> PathBuf {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        self.root.join(format!("{UNFINISHED}-{}-{now}", std::process::id()))
    }

    /// Where interrupted attempts made theirs.
    pub(super) fn abandoned(&self) -> Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(&self.root).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let entries = entries.map_err(failed("list", &self.root))?.into_iter();
        Ok(entries
            .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()))
            .map(|entry| entry.path())
            .collect())
    }

    /// The file whose holder runs the server.
    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("china-auto.lock")
    }

    /// The major version that made the cluster, if there is one.
    pub(super) fn major(&self) -> Result<Option<u32>> {
        let path = self.cluster().join("PG_VERSION");
        if !self.cluster().exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path).map_err(failed("read", &path))?;
        let strange = || Error::Startup(format!("{} does not hold a version: {text:?}", path.display()));
        text.trim().parse().map(Some).map_err(|_| strange())
    }

    /// Makes an empty folder for the socket that its owner alone can open.
    pub(super) fn socket(&self, owner: Option<Owner>) -> Result<PathBuf> {
        let within = self.root.join("socket");
        let length = within.as_os_str().len() + 1 + SOCKET_NAME.len();
        let path = if length <= LONGEST_SOCKET_PATH { within } else { self.short_socket() };
        private(&path, owner)?;
        // Nobody else can be here: the lock is ours and no server is left over.
        for name in [SOCKET_NAME.to_owned(), format!("{SOCKET_NAME}.lock")] {
            let _ = std::fs::remove_file(path.join(name));
        }
        Ok(path)
    }

    fn short_socket(&self) -> PathBuf {
        let digest = Sha256::digest(self.root.as_os_str().as_encoded_bytes());
        let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        Path::new(SHORT_PARENT).join(format!("china-auto-{number:016x}"))
    }
}

/// Makes a data folder where it is missing. Whatever the umask, others may pass through it: PostgreSQL runs as another user where we are
/// root. What is in it is closed. [`Error::Startup`] where it cannot be made.
pub fn make_data_dir(path: &Path) -> Result<()> {
    if !path.exists() {
        std::fs::create_dir_all(path).map_err(failed("make the data folder", path))?;
        let open = Permissions::from_mode(0o755);
        std::fs::set_permissions(path, open).map_err(failed("open the data folder", path))?;
    }
    Ok(())
}

/// Where PostgreSQL keeps its data in a data folder that need not be there.
pub(super) fn cluster(data_dir: &Path) -> PathBuf {
    data_dir.join("postgresql")
}

/// Makes a folder that is open to `owner` alone, or takes one that was made so before.
pub(super) fn private(path: &Path, owner: Option<Owner>) -> Result<()> {
    let uid = owner.map_or_else(Uid::effective, |owner| owner.uid);
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => owner.map_or(Ok(()), |owner| owner.take(path)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            // In a folder that all can write to somebody else may have been first.
            let found = std::fs::symlink_metadata(path).map_err(failed("look at", path))?;
            if !found.is_dir() || found.uid() != uid.as_raw() {
                let path = path.display();
                return Err(Error::Startup(format!("{path} is in the way: it is no folder of user {uid}")));
            }
            std::fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(failed("close", path))
        }
        Err(error) => Err(failed("make", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_data_folder_gets_its_socket_in_a_short_one_that_nobody_else_can_open() {
        let root = tempfile::tempdir().unwrap();
        let near = Folder::open(root.path()).unwrap();
        assert_eq!(near.socket(None).unwrap(), near.root().join("socket"));

        let deep = Folder::open(&root.path().join("a-long-name".repeat(10))).unwrap();
        let socket = deep.socket(None).unwrap();
        assert!(socket.starts_with(SHORT_PARENT) && socket.as_os_str().len() < 40, "{}", socket.display());
        assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(deep.socket(None).unwrap(), socket, "and takes it again");

        std::fs::remove_dir(&socket).unwrap();
        std::os::unix::fs::symlink(root.path(), &socket).unwrap();
        let refused = deep.socket(None).unwrap_err().to_string();
        assert!(refused.contains("is in the way"), "{refused}");
        std::fs::remove_file(&socket).unwrap();
    }
}
