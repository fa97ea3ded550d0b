//! Where PostgreSQL's programs are: the folder that the operator names, or the best of those in which they usually are.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::database::OLDEST_MAJOR;
use crate::error::{Error, Result};

/// The folders in which packages put the programs; `*` stands for a version.
const USUAL_FOLDERS: [&str; 11] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/lib/postgresql*/bin",
    "/usr/libexec/postgresql*",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/opt/homebrew/opt/postgresql/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// A folder with PostgreSQL's programs, and their version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    folder: PathBuf,
    version: String,
    major: u32,
}

impl Programs {
    /// The programs in `folder`, if those that are needed are all there.
    fn inside(folder: &Path) -> Option<Self> {
        if !folder.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
        let version = parse_version(&String::from_utf8_lossy(&output.stdout))?;
        let major = version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
        Some(Self { folder: folder.to_owned(), version, major })
    }

    /// The path of one program.
    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// The path of a program that serving does without. Where the folder has links to single programs, all are beside what they
    /// lead to.
    pub(super) fn client(&self, program: &str) -> Result<PathBuf> {
        let server = self.path("postgres").canonicalize().ok();
        let beside = server.and_then(|server| Some(server.parent()?.join(program)));
        let found = beside.into_iter().chain([self.path(program)]).find(|path| path.is_file());
        found.ok_or_else(|| {
            let major = self.major;
            Error::Startup(format!(
                "{self} has no {program}. Ways out: install the client programs of PostgreSQL {major} (on Debian \
                 postgresql-client-{major}); or name a folder that has all of its programs with PG_BINDIR."
            ))
        })
    }
}

impl std::fmt::Display for Programs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PostgreSQL {} of {}", self.version, self.folder.display())
    }
}

/// Where to look for the programs.
#[derive(Debug, Clone)]
pub struct Search {
    named: Option<PathBuf>,
    path: Vec<PathBuf>,
    usual: Vec<String>,
}

impl Search {
    /// Looks in the folder named (`PG_BINDIR`) and nowhere else; without one on the PATH and in the usual folders.
    pub fn new(named: Option<PathBuf>) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::split_paths(&path).filter(|p| p.is_absolute()).collect();
        Self { named, path, usual: USUAL_FOLDERS.map(str::to_owned).to_vec() }
    }

    /// The programs of the highest version, or of the major version that an existing data folder asks for.
    pub(super) fn locate(&self, wanted: Option<u32>) -> Result<Programs> {
        let folders = self.folders();
        let found: Vec<Programs> = folders.iter().filter_map(|f| Programs::inside(f)).collect();
        let fits = |p: &&Programs| p.major >= OLDEST_MAJOR && wanted.is_none_or(|major| p.major == major);
        // Of equals `max_by_key` takes the last, and the first found is wanted.
        let best = found.iter().rev().filter(fits).max_by_key(|p| p.major);
        best.cloned().ok_or_else(|| self.missing(wanted, &found))
    }

    fn folders(&self) -> Vec<PathBuf> {
        if let Some(named) = &self.named {
            return vec![named.clone()];
        }
        let mut folders = self.path.clone();
        folders.extend(self.path.iter().find_map(|folder| told_by_pg_config(folder)));
        folders.extend(self.usual.iter().flat_map(|pattern| expand(pattern)));
        folders
    }

    fn missing(&self, wanted: Option<u32>, found: &[Programs]) -> Error {
        let needed = match wanted {
            Some(major) => format!("PostgreSQL {major} is needed, which made the data folder, but"),
            None => format!("PostgreSQL {OLDEST_MAJOR} or newer is needed, but"),
        };
        let looked = match &self.named {
            Some(named) => format!("{} alone, because PG_BINDIR names it", named.display()),
            None => format!("PATH, pg_config --bindir, {}", self.usual.join(", ")),
        };
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
        Error::Startup(format!(
            "{needed} its programs (initdb, postgres) were not found.\n\
             Looked in: {looked}.\n\
             Found: {found}.\n\
             Ways out: install PostgreSQL (scripts/install-postgresql.sh does it); or name the folder of its programs \
             with PG_BINDIR; or set DATABASE_URL to a server that runs already; or run `docker compose up`."
        ))
    }
}

fn told_by_pg_config(folder: &Path) -> Option<PathBuf> {
    let output = Command::new(folder.join("pg_config")).arg("--bindir").output().ok()?;
    let told = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    told.is_absolute().then_some(told)
}

/// The folders that a pattern with at most one `*` stands for.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let entries = std::fs::read_dir(Path::new(parent)).into_iter().flatten().flatten();
    let named = entries.filter(|entry| starts_with(&entry.file_name(), prefix));
    named.map(|entry| entry.path().join(after.trim_start_matches('/'))).collect()
}

fn starts_with(name: &OsStr, prefix: &str) -> bool {
    name.as_encoded_bytes().starts_with(prefix.as_bytes())
}

/// `15.13` of `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)`.
fn parse_version(text: &str) -> Option<String> {
    text.split_once("(PostgreSQL) ")?.1.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn install(folder: &Path, version: &str) {
        std::fs::create_dir_all(folder).unwrap();
        for program in ["initdb", "postgres"] {
            let path = folder.join(program);
            std::fs::write(&path, format!("#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n")).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        }
    }

    fn search(root: &Path) -> Search {
        Search {
            named: None,
            path: vec![root.join("path")],
            usual: vec![format!("{}/lib-*/bin", root.display())],
        }
    }

    #[test]
    fn the_highest_version_wins_unless_the_data_folder_asks_for_another() {
        let root = tempfile::tempdir().unwrap();
        install(&root.path().join("path"), "15.13 (Debian 15.13-0+deb12u1)");
        install(&root.path().join("lib-17/bin"), "17.2");
        install(&root.path().join("lib-18/bin"), "18beta1");
        let search = search(root.path());
        assert_eq!(search.locate(None).unwrap().version, "18beta1");
        assert_eq!(search.locate(Some(15)).unwrap().folder, root.path().join("path"));
        let refused = search.locate(Some(16)).unwrap_err().to_string();
        assert!(refused.contains("PostgreSQL 16 is needed"), "{refused}");
        assert!(refused.contains("17.2"), "{refused}");
    }

    #[test]
    fn what_is_too_old_or_incomplete_counts_as_missing_and_the_ways_out_are_named() {
        let root = tempfile::tempdir().unwrap();
        install(&root.path().join("path"), "14.9");
        install(&root.path().join("lib-17/bin"), "17.2");
        std::fs::remove_file(root.path().join("lib-17/bin/initdb")).unwrap();
        let refused = search(root.path()).locate(None).unwrap_err().to_string();
        for part in
            ["14.9", "install PostgreSQL", "PG_BINDIR", "DATABASE_URL", "docker compose up", "lib-*/bin"]
        {
            assert!(refused.contains(part), "{part} is not in: {refused}");
        }
    }

    #[test]
    fn what_serving_does_without_is_found_beside_what_a_link_leads_to_or_said_to_be_missing() {
        let root = tempfile::tempdir().unwrap();
        let (real, links) = (root.path().join("real"), root.path().join("path"));
        install(&real, "17.2");
        std::fs::create_dir(&links).unwrap();
        for program in ["initdb", "postgres"] {
            std::os::unix::fs::symlink(real.join(program), links.join(program)).unwrap();
        }
        let programs = search(root.path()).locate(None).unwrap();
        let missing = programs.client("pg_dump").unwrap_err().to_string();
        for part in ["PostgreSQL 17.2", "has no pg_dump", "postgresql-client-17", "PG_BINDIR"] {
            assert!(missing.contains(part), "{part} is not in: {missing}");
        }
        std::fs::write(links.join("pg_dump"), "").unwrap();
        assert_eq!(programs.client("pg_dump").unwrap(), links.join("pg_dump"));
        std::fs::write(real.join("pg_dump"), "").unwrap();
        assert_eq!(programs.client("pg_dump").unwrap(), real.canonicalize().unwrap().join("pg_dump"));
    }

    #[test]
    fn a_named_folder_is_the_only_one_looked_in() {
        let root = tempfile::tempdir().unwrap();
        install(&root.path().join("path"), "17.2");
        let search = Search { named: Some(root.path().join("empty")), ..search(root.path()) };
        let refused = search.locate(None).unwrap_err().to_string();
        assert!(refused.contains("PG_BINDIR names it"), "{refused}");
    }
}
