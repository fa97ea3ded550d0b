//! The file while it is written: under a temporary name beside its own, which it takes when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

use super::seal;
use crate::error::{Error, Result};

/// A file that is not whole yet. Dropped, it is removed; what a killed program left is written over by the next of its name.
#[derive(Debug)]
pub(super) struct Unfinished {
    path: PathBuf,
    target: PathBuf,
    overwrite: bool,
    /// Locked, which keeps others from writing it too.
    file: Flock<File>,
    finished: bool,
}

impl Unfinished {
    /// Begins a file that will stand at `target`, where no file stands yet or `overwrite` says that it may go.
    pub(super) fn begin(target: &Path, overwrite: bool) -> Result<Self> {
        check_free(target, overwrite)?;
        let name = target.file_name().ok_or_else(|| {
            Error::Startup(format!("{} is not the name of a file that can be made", target.display()))
        })?;
        let mut unfinished = name.to_owned();
        unfinished.push(".unfinished");
        let path = target.with_file_name(unfinished);
        let opened = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .custom_flags(nix::libc::O_NOFOLLOW)
            .open(&path);
        let file = opened.map_err(failed("make", &path))?;
        let another = || Error::Startup(format!("another backup is being written to {}", path.display()));
        let file = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| another())?;
        // Whoever had it before may have given it its name, and then it is a backup that stays.
        if !is_at(&file, &path).map_err(failed("look at", &path))? {
            return Err(another());
        }
        let begun = Self { path, target: target.to_owned(), overwrite, file, finished: false };
        begun.file.set_len(0).map_err(failed("clear", &begun.path))?;
        Ok(begun)
    }

    /// The file, for a program to write to.
    pub(super) fn file(&self) -> Result<File> {
        self.file.try_clone().map_err(failed("open", &self.path))
    }

    /// Seals it and gives it its name, and tells how many bytes it has.
    pub(super) fn finish(mut self) -> Result<u64> {
        seal::seal(&self.file).and_then(|()| self.file.sync_all()).map_err(failed("write", &self.path))?;
        let bytes = self.file.metadata().map_err(failed("look at", &self.path))?.len();
        // Something else may have been put there meanwhile.
        check_free(&self.target, self.overwrite)?;
        fs::rename(&self.path, &self.target).map_err(failed("put the backup at", &self.target))?;
        self.finished = true;
        let parent = self.target.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        File::open(parent).and_then(|parent| parent.sync_all()).map_err(failed("sync", parent))?;
        Ok(bytes)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.finished {
            // Where that fails the next backup of this name writes over it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether this very file stands under a name.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Devices, links and folders never give way: a file in the place of one would change more than was asked for.
fn check_free(target: &Path, overwrite: bool) -> Result<()> {
    let in_the_way = |what| Err(Error::Startup(format!("{} {what}", target.display())));
    match fs::symlink_metadata(target) {
        Ok(found) if !found.is_file() => {
            in_the_way("is there already, and is no file that could be overwritten")
        }
        Ok(_) if !overwrite => in_the_way("is there already: choose another name, or say --overwrite"),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("look at", target)(error)),
    }
}

fn failed(doing: &str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let what = format!("cannot {doing} {}", path.display());
    move |error| Error::Startup(format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_takes_its_name_when_it_is_whole_and_is_gone_where_it_never_is() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("backup");
        drop(Unfinished::begin(&target, false).unwrap());
        assert_eq!(names(folder.path()), [""; 0]);

        // As a killed program leaves it.
        fs::write(folder.path().join("backup.unfinished"), "much that is half").unwrap();
        let begun = Unfinished::begin(&target, false).unwrap();
        begun.file().unwrap().write_all(b"whole").unwrap();
        let refused = Unfinished::begin(&target, false).unwrap_err().to_string();
        assert!(refused.contains("another backup is being written"), "{refused}");
        assert_eq!(names(folder.path()), ["backup.unfinished"]);
        let bytes = begun.finish().unwrap();
        assert_eq!(names(folder.path()), ["backup"]);
        let text = fs::read_to_string(&target).unwrap();
        assert!(text.starts_with("wholechina-auto sha256 "), "{text}");
        assert_eq!(text.len() as u64, bytes);
    }

    #[test]
    fn what_is_there_gives_way_only_if_it_is_a_file_and_may_go() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("backup"), folder.path().join("link"));
        let late = Unfinished::begin(&target, false).unwrap();
        fs::write(&target, "mine").unwrap();
        for refused in [late.finish().unwrap_err(), Unfinished::begin(&target, false).unwrap_err()] {
            assert!(refused.to_string().contains("say --overwrite"), "{refused}");
        }
        std::os::unix::fs::symlink(&target, &link).unwrap();
        for other in [folder.path(), &link, Path::new("/dev/null")] {
            let refused = Unfinished::begin(other, true).unwrap_err().to_string();
            assert!(refused.contains("is no file that could be overwritten"), "{refused}");
        }
        assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
        Unfinished::begin(&target, true).unwrap().finish().unwrap();
        assert!(fs::read_to_string(&target).unwrap().starts_with("china-auto sha256 "));
    }
}
