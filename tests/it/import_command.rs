//! `china-auto import` as it is run: what it prints where, and how it ends.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::client::Client;
use crate::cluster::{TestDatabase, database, program};
use crate::import::TIDY;

/// Files in a folder, and a database that they go to.
struct Files {
    folder: tempfile::TempDir,
    database: TestDatabase,
}

impl Files {
    async fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database: database().await }
    }

    fn row(&self, name: &str, row: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, format!("{TIDY}{row}\n")).unwrap();
        path
    }

    fn import(&self, files: &[&Path], more: &[&str]) -> Output {
        let mut command = Command::new(program());
        command.arg("import").args(files).args(["--dataset", "production", "--licence", "ours"]).args(more);
        command.arg("--data-dir").arg(self.folder.path().join("data"));
        command.env("DATABASE_URL", self.database.url()).output().unwrap()
    }

    fn kept(&self) -> usize {
        let kept = std::fs::read_dir(self.folder.path().join("data/imports/kept"));
        kept.map_or(0, Iterator::count)
    }
}

const GOOD: &str = "sales,caam,CN-GD,_T,_T,_T,PV,BEV,M,2026-01,1234,A,";
const BAD: &str = "sales,caam,CN-GD,_T,_T,_T,PV,BEV,M,2026-01,x,A,";

#[tokio::test]
async fn a_line_of_json_tells_of_each_file_whatever_came_of_it() {
    let files = Files::new().await;
    let [good, bad, other] =
        [("good.csv", GOOD), ("bad.csv", BAD), ("other.csv", GOOD)].map(|(n, r)| files.row(n, r));
    let printed = files.import(&[&good, &bad, &other], &["--json"]);
    assert_eq!(printed.status.code(), Some(1));
    let lines: Vec<Value> = std::str::from_utf8(&printed.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<_> = lines.iter().map(|line| (&line["file"], &line["outcome"])).collect();
    let expected = [("good.csv", "done"), ("bad.csv", "refused"), ("other.csv", "not_tried")];
    let expected = expected.map(|(file, outcome)| (json!(file), json!(outcome)));
    assert!(told.into_iter().eq(expected.iter().map(|(file, outcome)| (file, outcome))), "{lines:?}");
    assert_eq!(lines[1]["report"]["faults"]["count"], 1);
    assert!(lines[0]["import"].is_number() && lines[2]["report"].is_null());

    let printed = files.import(&[&files.folder.path().join("gone.csv"), &other], &["--json"]);
    let first = std::str::from_utf8(&printed.stdout).unwrap().lines().next().unwrap();
    let first: Value = serde_json::from_str(first).unwrap();
    assert_eq!((printed.status.code(), &first["outcome"]), (Some(1), &json!("failed")));
    assert!(first["detail"].as_str().unwrap().contains("gone.csv"), "{first}");
}

#[tokio::test]
async fn what_was_taken_in_and_what_was_not_are_told_apart() {
    let files = Files::new().await;
    let [good, bad, other] =
        [("good.csv", GOOD), ("bad.csv", BAD), ("other.csv", GOOD)].map(|(n, r)| files.row(n, r));
    std::fs::write(&bad, format!("{TIDY}{BAD}\n{}\n", GOOD.replace("2026-01", "2026-02"))).unwrap();
    let printed = files.import(&[&good, &bad, &other], &[]);
    assert_eq!(printed.status.code(), Some(1));
    let (out, err) = (String::from_utf8(printed.stdout).unwrap(), String::from_utf8(printed.stderr).unwrap());
    assert!(out.starts_with("good.csv: taken in as import") && !out.contains("bad.csv"), "{out}");
    assert!(err.starts_with("china-auto: bad.csv: 1 fault(s); nothing was taken in"), "{err}");
    assert!(err.contains("line 2: value \"x\": is no number"), "{err}");
    assert!(err.contains("--skip-faulty leaves out what is faulty"), "{err}");
    assert!(err.ends_with("not tried after that: other.csv\n"), "{err}");
    assert_eq!(files.import(&[&good], &[]).status.code(), Some(0));
}

#[tokio::test]
async fn the_end_of_a_long_list_says_how_many_more_json_has() {
    let files = Files::new().await;
    for (rows, hint) in
        [(30, "30 faults in all; --json lists all of them"), (1_001, "--json lists the first 1000")]
    {
        let path = files.row("bad.csv", &vec![BAD; rows].join("\n"));
        let err = String::from_utf8(files.import(&[&path], &[]).stderr).unwrap();
        assert!(err.contains(hint), "{err}");
    }
}

#[tokio::test]
async fn a_file_is_kept_unless_that_is_not_wanted() {
    let files = Files::new().await;
    let not_kept = files.import(&[&files.row("a.csv", GOOD)], &["--no-kept-files"]);
    assert_eq!((not_kept.status.code(), files.kept()), (Some(0), 0));
    let kept =
        files.import(&[&files.row("b.csv", &GOOD.replace("1234", "1235"))], &["--published", "2026-02"]);
    assert_eq!((kept.status.code(), files.kept()), (Some(0), 1));
    let client = Client::of(files.database).await;
    let imports = client.rows("/v1/imports?kind=file").await;
    let told: Vec<_> = imports.iter().map(|one| (&one["file_name"], &one["is_kept"])).collect();
    assert_eq!(told, [(&json!("b.csv"), &json!(true)), (&json!("a.csv"), &json!(false))]);
}

#[test]
fn the_help_of_a_command_shows_its_own_options_first() {
    let help = Command::new(program()).args(["import", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let place = |text: &str| help.find(text).unwrap_or_else(|| panic!("{text} is missing: {help}"));
    let places =
        ["\nOptions:", "--accept-guess", "--json", "\nSettings:", "--listen", "--database-url"].map(place);
    assert!(places.is_sorted(), "{help}");
}
