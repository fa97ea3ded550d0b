//! The direction of dependencies: which part of the service may name which, read from its code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What each part may name beside itself. Nothing else may be named by it, and a new part needs a row here.
///
/// From above: the program, the server, the edge with the routes of every slice, the slices, time series, the database.
const MAY_NAME: [(&str, &[&str]); 37] = [
    (
        "main",
        &[
            "backup",
            "config",
            "database",
            "error",
            "export",
            "generate",
            "health",
            "http",
            "import",
            "keys",
            "rebuild",
            "rollups",
            "server",
            "telemetry",
        ],
    ),
    ("backup", &["config", "database", "error"]),
    ("rebuild", &["config", "database", "error", "ingest"]),
    ("rollups", &["clock", "config", "database", "error", "ingest", "timeseries"]),
    ("export", &["config", "database", "error", "ingest"]),
    ("import", &["access", "clock", "config", "database", "error", "ingest", "timeseries"]),
    ("keys", &["access", "clock", "config", "database", "error"]),
    ("generate", &["clock", "config", "database", "error", "ingest"]),
    (
        "server",
        &["app", "clock", "config", "database", "error", "health", "http", "ingest", "intake", "listener"],
    ),
    (
        "http",
        &[
            "access",
            "app",
            "catalog",
            "charging",
            "config",
            "database",
            "error",
            "filter",
            "formats",
            "intake",
            "language",
            "metrics",
            "params",
            "partnerships",
            "production",
            "spreadsheet",
            "subsidies",
            "timeseries",
            "words",
        ],
    ),
    // The routes of a slice are the edge's, and speak its language.
    ("production/routes", &["app", "http"]),
    ("charging/routes", &["app", "http"]),
    ("catalog/routes", &["app", "catalog", "database", "error", "filter", "http", "params", "timeseries"]),
    ("subsidies/routes", &["app", "database", "error", "filter", "http", "params"]),
    ("partnerships/routes", &["app", "database", "error", "filter", "http"]),
    ("intake/routes", &["access", "app", "database", "error", "http", "ingest"]),
    ("access/routes", &["app", "http"]),
    ("production", &[]),
    ("charging", &[]),
    ("catalog", &["database", "error", "filter", "formats", "language", "params", "timeseries", "words"]),
    ("subsidies", &["database", "error", "filter", "params", "rules", "timeseries", "words"]),
    ("partnerships", &["database", "error", "filter", "params", "timeseries", "words"]),
    ("access", &["catalog", "clock", "database", "error", "filter", "words"]),
    (
        "ingest",
        &["access", "catalog", "clock", "database", "error", "rules", "spreadsheet", "timeseries", "words"],
    ),
    (
        "intake",
        &[
            "access",
            "catalog",
            "clock",
            "database",
            "error",
            "filter",
            "ingest",
            "params",
            "timeseries",
            "words",
        ],
    ),
    // What every handler may reach.
    (
        "app",
        &["access", "catalog", "clock", "config", "database", "error", "intake", "metrics", "timeseries"],
    ),
    ("formats", &["error", "language", "spreadsheet", "timeseries"]),
    ("timeseries", &["database", "error", "params", "words"]),
    ("rules", &["timeseries"]),
    ("filter", &["error", "params", "timeseries"]),
    ("database", &["error"]),
    ("config", &["database", "error"]),
    ("telemetry", &["config", "error"]),
    ("health", &["config", "error", "listener"]),
    ("listener", &["config", "error", "http"]),
    ("metrics", &["error"]),
    ("params", &["error"]),
];

/// Where the driver may be named: who writes SQL, and who only hands on what the driver connects to.
const SQLX: [&str; 20] = [
    "access/audit.rs",
    "access/keys.rs",
    "access/queries.rs",
    "database/",
    "ingest/",
    "catalog/",
    "timeseries/sql.rs",
    "timeseries/fetch",
    "timeseries/past.rs",
    "subsidies/queries",
    "subsidies/dated.rs",
    "partnerships/queries",
    "partnerships/dated.rs",
    "partnerships/stakes.rs",
    "intake/queries.rs",
    "intake/queue.rs",
    "intake/worker.rs",
    // The type of the pool that handlers are given.
    "app.rs",
    "server.rs",
    // Only as a name in the default of what is logged.
    "config.rs",
];

/// Where the web framework may be named: the edge, and who holds or starts it.
const AXUM: [&str; 6] = [
    "http/",
    "/routes.rs",
    "/routes/",
    // Origins are kept as headers, so that they are checked once.
    "app.rs",
    "server.rs",
    // What hands requests to it.
    "listener/",
];

/// One file under `src/`: its path there, and its code without comments and tests.
struct File {
    path: String,
    code: String,
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    gather(&root, &root, &mut found);
    assert!(found.len() > 50, "the code is not where it is looked for");
    found
}

fn gather(root: &Path, folder: &Path, found: &mut Vec<File>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            gather(root, &path, found);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            let path = path.strip_prefix(root).unwrap().display().to_string();
            found.push(File { path, code: lines.collect::<Vec<_>>().join("\n") });
        }
    }
}

impl File {
    /// The part of the service that it belongs to.
    fn part(&self) -> String {
        let mut segments = self.path.trim_end_matches(".rs").split('/');
        let part = segments.next().unwrap();
        if segments.next() == Some("routes") { format!("{part}/routes") } else { part.to_owned() }
    }

    /// The parts that it names by `crate::` or, from the program, by the name of the library.
    fn names(&self) -> BTreeSet<String> {
        let named = ["crate::", "china_auto::"].into_iter().flat_map(|from| self.code.split(from).skip(1));
        named.flat_map(parts).collect()
    }

    fn says(&self, name: &str) -> bool {
        let mut words = self.code.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.any(|word| word == name)
    }
}

/// The first segments of what follows the root: `a::b`, or each of `{a::b, c}`.
fn parts(path: &str) -> Vec<String> {
    let first =
        |path: &str| path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned();
    let Some(list) = path.strip_prefix('{') else { return vec![first(path)] };
    let (mut depth, mut entry, mut found) = (0, String::new(), Vec::new());
    for c in list.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => found.push(std::mem::take(&mut entry)),
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => entry.push(c),
        }
    }
    found.push(entry);
    found.iter().map(|entry| first(entry.trim())).filter(|name| !name.is_empty()).collect()
}

#[test]
fn each_part_names_only_what_stands_below_it() {
    let mut faults = Vec::new();
    for file in files() {
        let part = file.part();
        let own = part.split('/').next().unwrap().to_owned();
        let allowed = MAY_NAME.iter().find(|(name, _)| *name == part).map_or(&[][..], |(_, allowed)| allowed);
        let wrong = file.names().into_iter().filter(|name| *name != own && !allowed.contains(&name.as_str()));
        faults.extend(wrong.map(|name| format!("{} names {name}, which {part} may not", file.path)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_a_part_may_name_never_leads_back_to_it() {
    // The routes of a slice are merged by the edge, which they are written in: the one circle, and it has no logic in it.
    let below =
        |part: &str| MAY_NAME.iter().find(|(name, _)| *name == part).map_or(&[][..], |(_, below)| below);
    for (part, _) in MAY_NAME.iter().filter(|(part, _)| !part.contains('/')) {
        let (mut seen, mut open) = (BTreeSet::new(), below(part).to_vec());
        while let Some(next) = open.pop() {
            assert_ne!(next, *part, "{part} leads back to itself");
            if seen.insert(next) {
                open.extend(below(next));
            }
        }
    }
}

#[test]
fn the_driver_and_the_web_framework_are_named_at_their_edges_only() {
    for file in files() {
        let within = |places: &[&str]| {
            places.iter().any(|p| file.path.starts_with(p) || p.starts_with('/') && file.path.contains(p))
        };
        assert!(!file.says("sqlx") || within(&SQLX), "{} names sqlx", file.path);
        assert!(!file.says("axum") || within(&AXUM), "{} names axum", file.path);
    }
}

#[test]
fn names_are_read_from_lists_too() {
    assert_eq!(parts("a::b;"), ["a"]);
    assert_eq!(parts("{a::{b, c}, d,\n e::f};"), ["a", "d", "e"]);
}
