//! The data files: compiled in, so that the program needs nothing beside it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// The text of each data file by its path below `data/`.
#[derive(Debug, Clone)]
pub struct Files(BTreeMap<String, Cow<'static, str>>);

macro_rules! compiled_in {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_str!(concat!("../../data/", $path)))),*]
    };
}

const BUNDLED: &[(&str, &str)] = &compiled_in![
    "codes/access.csv",
    "codes/brand.csv",
    "codes/current.csv",
    "codes/geo.csv",
    "codes/maker.csv",
    "codes/measure.csv",
    "codes/model.csv",
    "codes/operator.csv",
    "codes/partitions.csv",
    "codes/powertrain.csv",
    "codes/precedence.csv",
    "codes/vehicle_class.csv",
    "datasets/charging.toml",
    "datasets/production.toml",
    "documents.csv",
    "observations/charging.csv",
    "observations/production.csv",
    "partnerships/events.csv",
    "partnerships/members.csv",
    "partnerships/organizations.csv",
    "partnerships/partnerships.csv",
    "sources.csv",
    "subsidies/credit_formulas.csv",
    "subsidies/credit_mandates.csv",
    "subsidies/credit_rules.csv",
    "subsidies/instruments.csv",
    "subsidies/rates.csv",
    "subsidies/rules.csv",
    "subsidies/spend.csv",
];

impl Files {
    /// The files that the program ships with.
    pub fn bundled() -> Self {
        Self(BUNDLED.iter().map(|&(path, text)| (path.to_owned(), Cow::Borrowed(text))).collect())
    }

    /// The same files with `text` at `path`, in place of what stood there.
    #[must_use]
    pub fn with(mut self, path: &str, text: impl Into<String>) -> Self {
        self.0.insert(path.to_owned(), Cow::Owned(text.into()));
        self
    }

    /// The text at `path`.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(AsRef::as_ref)
    }

    /// The paths below `folder` that end in `suffix`, with what stands between.
    pub(super) fn below<'a>(
        &'a self,
        folder: &'a str,
        suffix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let name = move |path: &'a str| path.strip_prefix(folder)?.strip_suffix(suffix);
        self.0.keys().filter_map(move |path| Some((path.as_str(), name(path)?)))
    }

    /// SHA-256 over all paths and texts.
    pub(super) fn checksum(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for (path, text) in &self.0 {
            digest.update(format!("{path} {}\n", text.len()));
            digest.update(text.as_bytes());
        }
        digest.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn paths_below(folder: &Path, root: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                paths_below(&path, root, found);
            } else if path.extension().is_none_or(|extension| extension != "md") {
                found.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }

    #[test]
    fn every_file_of_the_data_folder_is_compiled_in() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
        let mut found = Vec::new();
        paths_below(&root, &root, &mut found);
        found.sort();
        assert_eq!(found, Files::bundled().0.into_keys().collect::<Vec<_>>());
    }

    #[test]
    fn another_text_is_another_checksum() {
        let other = Files::bundled().with("sources.csv", "source\n");
        assert_ne!(other.checksum(), Files::bundled().checksum());
        assert_eq!(Files::bundled().checksum(), Files::bundled().checksum());
    }
}
