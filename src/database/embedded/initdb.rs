//! Makes the cluster: under a temporary name, so that one that exists under its own is always whole.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use super::child::Launch;
use super::folder::{Folder, private};
use super::programs::Programs;
use super::{SUPERUSER, failed};
use crate::error::{Error, Result};

/// A ctype with which trigrams of Chinese text exist; under `C` they do not.
const CTYPE: &str = if cfg!(target_os = "macos") { "en_US.UTF-8" } else { "C.UTF-8" };

/// Makes the cluster of `folder`. What an interrupted attempt left is cleared away first.
pub(super) fn create(folder: &Folder, programs: &Programs, launch: &Launch<'_>, durable: bool) -> Result<()> {
    clear_away(folder)?;
    let unfinished = folder.unfinished();
    private(&unfinished, launch.owner)?;
    let mut command = Launch { folder: &unfinished, ..*launch }.command(&programs.path("initdb"));
    command.arg("--pgdata").arg(&unfinished).arg(format!("--username={SUPERUSER}"));
    // Whoever reaches the socket has passed the folder it is in, which only its owner can.
    command.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--lc-collate=C", "--no-instructions"]);
    command.arg(format!("--lc-ctype={CTYPE}"));
    if !durable {
        command.arg("--no-sync");
    }
    let output = command.output().map_err(failed("run", launch.launcher))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Error::Startup(format!("initdb failed ({}): {}", output.status, said.trim())));
    }
    std::fs::rename(&unfinished, folder.cluster()).map_err(failed("rename", &unfinished))?;
    sync(folder.root())?;
    clear_away(folder)
}

/// Clears away what interrupted attempts left. What an initdb of theirs still writes to stays for the next time: by the end of
/// this attempt it is gone.
fn clear_away(folder: &Folder) -> Result<()> {
    for unfinished in folder.abandoned()? {
        tracing::info!(folder = %unfinished.display(), "clearing away a cluster that was not finished");
        match std::fs::remove_dir_all(&unfinished) {
            Err(error) if !matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::NotFound) => {
                return Err(failed("remove", &unfinished)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn sync(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))
}
