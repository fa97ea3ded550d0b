//! `export.toml`: what the folder holds, so that one that is damaged or of another form is known before anything is taken in.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The name of the file.
pub(super) const NAME: &str = "export.toml";

/// The form of the files. It is raised when a file, a column or the meaning of one changes.
pub(super) const FORM: u32 = 2;

/// The files of an export and what made them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The form of the files.
    pub(super) form: u32,
    /// The version of the program.
    pub(super) program: String,
    /// The newest migration of the schema.
    pub(super) migration: i64,
    /// The files, in the order of their paths.
    pub(super) file: Vec<Listed>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listed {
    /// Its path in the folder.
    pub(super) path: String,
    /// Its rows, the header apart.
    pub(super) rows: u64,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub(super) sha256: String,
}

/// What every form has.
#[derive(Deserialize)]
struct Head {
    form: u32,
    program: String,
    migration: i64,
}

impl Manifest {
    /// Of an export by this program, of these files.
    pub(super) fn of(migration: i64, mut file: Vec<Listed>) -> Self {
        file.sort_by(|a, b| a.path.cmp(&b.path));
        Self { form: FORM, program: env!("CARGO_PKG_VERSION").to_owned(), migration, file }
    }

    /// The text of the file.
    pub(super) fn text(&self) -> Result<String> {
        let text = toml::to_string(self).map_err(|error| Error::internal("writing export.toml", error))?;
        Ok(format!("# What this folder holds; `china-auto import` takes it back.\n{text}"))
    }

    /// Reads the file, for a program whose newest migration is this. Another form or a newer schema is refused.
    pub(super) fn read(text: &str, newest: i64) -> Result<Self> {
        let broken = |error: toml::de::Error| {
            Error::Startup(format!("{NAME} is not that of an export: {}", error.message()))
        };
        let Head { form, program, migration } = toml::from_str(text).map_err(broken)?;
        let way_out = format!("take it in with china-auto {program}, which made it");
        if form != FORM {
            let age = if form < FORM { "an older" } else { "a newer" };
            return Err(Error::Startup(format!(
                "the export is of {age} form ({form}; this is china-auto {}, which reads {FORM}): {way_out}",
                env!("CARGO_PKG_VERSION")
            )));
        }
        if migration > newest {
            return Err(Error::Startup(format!(
                "the export is of a newer schema (migration {migration}; this program knows up to {newest}): {way_out}"
            )));
        }
        toml::from_str(text).map_err(broken)
    }

    /// The entry of a file.
    pub(super) fn listed(&self, path: &str) -> Result<&Listed> {
        let missing = || Error::Startup(format!("{NAME} does not list {path}: the export is damaged"));
        self.file.iter().find(|listed| listed.path == path).ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_another_form_is_refused_in_words() {
        let listed = |path: &str| Listed { path: path.to_owned(), rows: 2, sha256: "ab".to_owned() };
        let manifest = Manifest::of(21, vec![listed("releases.csv"), listed("imports.csv")]);
        let text = manifest.text().unwrap();
        assert_eq!(Manifest::read(&text, 21).unwrap(), manifest);
        assert_eq!(manifest.listed("imports.csv").unwrap().rows, 2);
        let refused = |text: &str, newest| Manifest::read(text, newest).unwrap_err().to_string();
        assert!(refused(&text, 20).contains("newer schema (migration 21; this program knows up to 20)"));
        assert!(refused(&text.replace("form = 2", "form = 1"), 21).contains("an older form (1;"));
        assert!(
            refused(&text.replace("form = 2", "form = 3\nlater = true"), 21).contains("a newer form (3;")
        );
        assert!(refused("form = 2\n", 21).contains("not that of an export"));
        assert!(manifest.listed("changes.csv").unwrap_err().to_string().contains("changes.csv"));
    }
}
