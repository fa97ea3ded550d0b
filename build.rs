//! Names the build by all that goes into it, so that another build's answers have other tags, and builds again when a
//! migration comes or goes: they are compiled in.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

fn main() {
    let mut files = Vec::new();
    for root in ["src", "data", "migrations", "Cargo.lock"] {
        println!("cargo:rerun-if-changed={root}");
        collect(Path::new(root), &mut files);
    }
    files.sort();
    let mut hash = DefaultHasher::new();
    for file in files {
        file.hash(&mut hash);
        std::fs::read(&file).unwrap_or_default().hash(&mut hash);
    }
    println!("cargo:rustc-env=CHINA_AUTO_BUILD={:016x}", hash.finish());
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(path) else { return files.push(path.to_owned()) };
    entries.flatten().for_each(|entry| collect(&entry.path(), files));
}
