//! The user that PostgreSQL runs under: ourselves, or another one where we are root, whom PostgreSQL refuses.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{Gid, Uid, User, chown};

use crate::error::{Error, Result};

/// Users that exist for such a purpose, the better one first.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// Another user, who owns the cluster and its socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) uid: Uid,
    pub(super) gid: Gid,
}

impl Owner {
    /// Who PostgreSQL has to run under; `None` is the user of this process. A cluster that exists keeps its owner.
    pub(super) fn of(cluster: &Path) -> Result<Option<Self>> {
        if !Uid::effective().is_root() {
            return Ok(None);
        }
        if let Ok(found) = std::fs::metadata(cluster)
            && found.uid() != 0
        {
            return Ok(Some(Self { uid: Uid::from_raw(found.uid()), gid: Gid::from_raw(found.gid()) }));
        }
        let user = CANDIDATES.iter().find_map(|name| User::from_name(name).ok().flatten());
        let none =
            || Error::Startup(format!("PostgreSQL refuses to run as root: make a user {CANDIDATES:?}"));
        let user = user.ok_or_else(none)?;
        Ok(Some(Self { uid: user.uid, gid: user.gid }))
    }

    /// Hands a file or folder over.
    pub(super) fn take(self, path: &Path) -> Result<()> {
        let outcome = chown(path, Some(self.uid), Some(self.gid));
        outcome.map_err(|error| super::failed("hand over", path)(error.into()))
    }
}
