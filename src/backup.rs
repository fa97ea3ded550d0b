//! `china-auto backup` and `china-auto restore`: the embedded server's database as one file, and back.

mod seal;
mod unfinished;

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::config::Settings;
use crate::database::{Opened, embedded};
use crate::error::{Error, Result};
use unfinished::Unfinished;

/// How long the embedded server may take to stop.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// How a file in pg_dump's custom form begins.
const MAGIC: &[u8] = b"PGDMP";

/// What a shell expects of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Where it goes.
#[derive(Debug, Clone, clap::Args)]
pub struct Wanted {
    /// The file to write
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Take the place of a file that is there
    #[arg(long)]
    overwrite: bool,
}

/// What is taken back.
#[derive(Debug, Clone, clap::Args)]
pub struct Taken {
    /// The file that backup wrote, or pg_dump --format=custom
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Take the place of data that is there; it is gone then
    #[arg(long)]
    replace: bool,
}

/// Writes a backup, beside a running service too, and tells in one line what was written.
pub async fn run(settings: Settings, wanted: Wanted) -> Result<String> {
    let file = &wanted.file;
    let options =
        options(&settings, &format!("pg_dump --format=custom --file={} $DATABASE_URL", file.display()))?;
    if !options.has_cluster() {
        return Err(Error::Startup(format!("{} holds no database", options.data_dir.display())));
    }
    let unfinished = Unfinished::begin(file, wanted.overwrite)?;
    let opened = Opened::attached(options.clone()).await?;
    let dumped = dump(&opened, &options, unfinished.file()?).await;
    let described = opened.described.clone();
    opened.close(STOP_WITHIN).await?;
    dumped?;
    let bytes = unfinished.finish()?;
    Ok(format!("{}: backup of {described}: {bytes} bytes\n", file.display()))
}

/// The first Ctrl-C ends pg_dump and lets all be cleared up; the second ends this program.
async fn dump(opened: &Opened, options: &embedded::Options, to: File) -> Result<()> {
    let cancelled = Arc::new(AtomicBool::new(false));
    let mut dumped = std::pin::pin!(opened.dump(options, to, Arc::clone(&cancelled)));
    loop {
        tokio::select! {
            dumped = &mut dumped => return dumped,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted.map_err(|error| Error::internal("listening for Ctrl-C", error))?;
                if cancelled.swap(true, Ordering::Relaxed) {
                    std::process::exit(INTERRUPTED);
                }
            }
        }
    }
}

/// Takes a backup back while no service runs, and tells in one line where it went.
pub async fn restore(settings: Settings, taken: Taken) -> Result<String> {
    let shown = taken.file.display();
    let options = options(
        &settings,
        &format!("pg_restore --single-transaction --no-owner --dbname=$DATABASE_URL {shown}"),
    )?;
    let from = open(&taken.file)?;
    let opened = Opened::alone(options.clone()).await?;
    let restored = opened.restore(&options, from, taken.replace).await;
    let described = opened.described.clone();
    opened.close(STOP_WITHIN).await?;
    let migrations = match restored? {
        0 => "migrations up to date".to_owned(),
        applied => format!("{applied} migration(s) applied"),
    };
    Ok(format!("{shown}: restored to {described}; {migrations}\n"))
}

/// The embedded server's settings. Refused where another one is used, with what does it there.
fn options(settings: &Settings, instead: &str) -> Result<embedded::Options> {
    match &settings.database_url {
        None => settings.embedded(),
        Some(url) => Err(Error::Startup(format!(
            "this command is for the embedded PostgreSQL, and DATABASE_URL (or database-url in the configuration file) names \
             the {url}. Use that server's own programs there, as `{instead}`; or unset DATABASE_URL."
        ))),
    }
}

/// A file that looks like a backup, read from its beginning by whom it is handed to.
fn open(path: &Path) -> Result<File> {
    let refused = |why: String| Error::Startup(format!("the backup {}: {why}", path.display()));
    let unreadable = |error: io::Error| refused(error.to_string());
    let mut file = File::open(path).map_err(unreadable)?;
    if path.is_dir() {
        return Err(refused("it is a folder; `china-auto import` takes back what export wrote".to_owned()));
    }
    let mut begin = [0; MAGIC.len()];
    let read = match file.read_exact(&mut begin) {
        Ok(()) => file.rewind(),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(()),
        Err(error) => Err(error),
    };
    read.map_err(unreadable)?;
    if begin != MAGIC {
        let foreign = "it is not what `china-auto backup` or `pg_dump --format=custom` writes";
        return Err(refused(foreign.to_owned()));
    }
    if seal::is_whole(&file).map_err(unreadable)? {
        return Ok(file);
    }
    Err(refused("it is damaged: its SHA-256 is not the one at its end".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_backup_is_refused_before_anything_is_started() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let refused = |path: &Path| open(path).unwrap_err().to_string();
        assert!(refused(&path).contains("No such file"));
        for text in ["", "PGD", "-- PostgreSQL database dump"] {
            std::fs::write(&path, text).unwrap();
            assert!(refused(&path).contains("is not what `china-auto backup`"), "{text}");
        }
        assert!(refused(folder.path()).contains("`china-auto import` takes back"));
        std::fs::write(&path, "PGDMP and more").unwrap();
        let mut whole = String::new();
        open(&path).unwrap().read_to_string(&mut whole).unwrap();
        assert_eq!(whole, "PGDMP and more");
        seal::seal(&File::options().read(true).write(true).open(&path).unwrap()).unwrap();
        let sealed = std::fs::read_to_string(&path).unwrap();
        assert!(open(&path).is_ok());
        std::fs::write(&path, sealed.replace("more", "less")).unwrap();
        assert!(refused(&path).contains("it is damaged"));
    }
}
