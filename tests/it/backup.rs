//! The embedded server's database to a file and back, as an operator does it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use china_auto::database::embedded::Embedded;
use nix::sys::signal::Signal;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

use crate::cluster;
use crate::service::{Service, command, eventually};

/// Answers that read each kind of table.
const PATHS: [&str; 5] = [
    "/v1/production?source=all&start=2015",
    "/v1/series/production:A.production.oica.CN._T._T._T._T._T/vintages?start=2019&end=2019",
    "/v1/charging?source=all&as_of=2022-06-30",
    "/v1/partnerships?limit=1000",
    "/v1/changes?limit=1000",
];

/// A folder for data and backups.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        cluster::open(folder.path());
        Self { folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.at("data")
    }

    /// A service on the data folder.
    fn service(&self) -> Service {
        let mut service = Service::on(&self.data());
        service.url("");
        service
    }

    /// Runs a command on the data folder and tells what it printed: whether that is an error, and the text.
    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        ended(begun(&self.data(), arguments))
    }

    fn refused(&self, arguments: &[&str]) -> String {
        self.run(arguments).unwrap_err()
    }

    /// Connects to a database of the server that runs on the data folder, whoever started it.
    async fn connected(&self, database: &str) -> PgConnection {
        PgConnection::connect_with(&self.options(database)).await.unwrap()
    }

    fn options(&self, database: &str) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass().socket(self.data().join("socket"));
        options.port(5432).username("postgres").database(database)
    }

    /// The names in a folder, sorted.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.at(folder)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn begun(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = command(cluster::program(), data_dir);
    command.args(arguments);
    command
}

fn ended(mut command: Command) -> Result<String, String> {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

async fn execute(connection: &mut PgConnection, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(connection).await.unwrap();
}

async fn one(connection: &mut PgConnection, statement: &str) -> String {
    sqlx::query_scalar(AssertSqlSafe(statement.to_owned())).fetch_one(connection).await.unwrap()
}

/// Waits until a statement answers so.
async fn until(connection: &mut PgConnection, statement: &str, answer: &str) {
    for _ in 0..6_000 {
        if one(connection, statement).await == answer {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never {answer}: {statement}");
}

const DATABASES: &str =
    "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE NOT datistemplate";

/// A service on a data folder with the bundled data.
fn bundled(data_dir: &Path) -> Service {
    let mut service = Service::spawn(begun(data_dir, &["--no-bundled-data=false"]));
    service.url("");
    service
}

/// What is answered to each path: its tag and the body.
async fn answers(service: &mut Service) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for path in PATHS {
        let answer = reqwest::get(service.url(path)).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
        all.push((tag, answer.json().await.unwrap()));
    }
    all
}

#[tokio::test]
async fn a_backup_beside_a_running_service_is_restored_to_the_same_answers() {
    let place = Place::new();
    // Of whoever runs the command alone: PostgreSQL's user cannot enter.
    std::fs::create_dir(place.at("backups")).unwrap();
    std::fs::set_permissions(place.at("backups"), PermissionsExt::from_mode(0o700)).unwrap();
    let file = place.at("backups/whole").display().to_string();
    let mut service = bundled(&place.data());
    let expected = answers(&mut service).await;
    let told = place.run(&["backup", &file]).unwrap();
    let bytes = std::fs::metadata(&file).unwrap().len();
    assert!(told.starts_with(&format!("{file}: backup of PostgreSQL ")), "{told}");
    assert!(told.ends_with(&format!("{}: {bytes} bytes\n", place.data().display())), "{told}");
    assert!(place.refused(&["backup", &file]).contains("is there already"));
    let refused = place.refused(&["restore", &file, "--replace"]);
    assert!(refused.contains(&format!("process {} runs PostgreSQL", service.pid())), "{refused}");
    assert_eq!(answers(&mut service).await, expected, "and goes on");
    service.stop();
    place.run(&["backup", &file, "--overwrite"]).unwrap();
    assert_eq!(place.names("backups"), ["whole"]);

    let empty = place.at("empty");
    let told = ended(begun(&empty, &["restore", &file])).unwrap();
    assert!(told.starts_with(&format!("{file}: restored to PostgreSQL ")), "{told}");
    let mut second = bundled(&empty);
    assert_eq!(second.told("data"), "unchanged");
    assert_eq!(answers(&mut second).await, expected);
    second.stop();

    assert!(place.refused(&["restore", &file]).contains("has data already. Say --replace"));
    let mut service = place.service();
    let mut connection = place.connected("china_auto").await;
    execute(&mut connection, "CREATE TABLE later (); UPDATE collection SET version = version + 1").await;
    let later = answers(&mut service).await;
    service.stop();
    let whole = std::fs::read(&file).unwrap();
    let damaged = place.at("damaged").display().to_string();
    for length in [4, whole.len() / 2, whole.len() - 200] {
        std::fs::write(&damaged, &whole[..length]).unwrap();
        let refused = place.refused(&["restore", &damaged, "--replace"]);
        let why = if length < 5 { "is not what `china-auto backup`" } else { "pg_restore failed" };
        assert!(refused.contains(why), "{length}: {refused}");
    }
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    std::fs::write(&damaged, &flipped).unwrap();
    assert!(place.refused(&["restore", &damaged, "--replace"]).contains("it is damaged: its SHA-256"));
    let mut service = place.service();
    assert_eq!(answers(&mut service).await, later, "nothing has changed");
    let mut connection = place.connected("postgres").await;
    assert_eq!(one(&mut connection, DATABASES).await, "china_auto postgres");
    service.stop();

    place.run(&["restore", &file, "--replace"]).unwrap();
    let mut service = place.service();
    for ((restored, expected), later) in answers(&mut service).await.into_iter().zip(expected).zip(later) {
        assert_eq!(restored.1["data"], expected.1["data"]);
        assert!(restored.0 != expected.0 && restored.0 != later.0, "no tag is used again: {}", restored.0);
    }
    let mut connection = place.connected("china_auto").await;
    assert_eq!(one(&mut connection, "SELECT COALESCE(to_regclass('later')::text, 'gone')").await, "gone");
    service.stop();
}

/// A data folder whose database says `old`, and a backup in which it says `new`. They take some time to restore.
async fn old_and_new(place: &Place) -> String {
    let service = place.service();
    let mut connection = place.connected("china_auto").await;
    execute(
        &mut connection,
        "CREATE TABLE state AS SELECT 'new' AS state; CREATE TABLE filling AS SELECT n FROM generate_series(1, 100000) AS n",
    )
    .await;
    let file = place.at("new").display().to_string();
    place.run(&["backup", &file]).unwrap();
    execute(&mut connection, "UPDATE state SET state = 'old'").await;
    service.stop();
    file
}

/// What the database says once a service runs on it, which has to be alone there and whole.
async fn state(place: &Place) -> String {
    let service = place.service();
    let mut connection = place.connected("china_auto").await;
    let said =
        one(&mut connection, "SELECT state || ' ' || count(n) FROM state, filling GROUP BY state").await;
    let databases = one(&mut connection, DATABASES).await;
    service.stop();
    assert_eq!(databases, "china_auto postgres");
    said.strip_suffix(" 100000").expect("all rows are there").to_owned()
}

#[tokio::test]
async fn a_restore_that_is_killed_leaves_the_old_state_or_the_new_one() {
    let place = Place::new();
    let file = old_and_new(&place).await;
    let (mut held, mut ended, mut rounds, mut wait) = ("old".to_owned(), false, 0, 200);
    // Later and later, until one has ended before it is killed: so every part of it has had its turn.
    while !ended {
        assert!(rounds < 50, "no restore ends");
        let mut restore = begun(&place.data(), &["restore", &file]).stdout(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(wait)).await;
        ended = restore.try_wait().unwrap().is_some_and(|status| status.success());
        restore.kill().unwrap();
        restore.wait().unwrap();
        let found = state(&place).await;
        assert!(found == "new" || found == held, "{found} after {wait} ms, before it stood {held}");
        assert!(!ended || found == "new", "a restore that has ended well is there");
        (held, rounds, wait) = (found, rounds + 1, wait * 4 / 3);
    }
    assert!(rounds > 1, "none was killed");
}

#[tokio::test]
async fn a_restore_is_alone_and_where_somebody_gets_in_all_the_same_nothing_changes() {
    let place = Place::new();
    let file = old_and_new(&place).await;
    for killed in [true, false] {
        let mut restore = Service::spawn(begun(&place.data(), &["restore", &file]));
        // By its socket, which nobody is told.
        let guest = loop {
            match PgConnection::connect_with(&place.options("china_auto")).await {
                Ok(guest) => break guest,
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        let holder = std::fs::read_to_string(place.data().join("china-auto.lock")).unwrap();
        assert!(holder.contains("\"socket\":null"), "{holder}");
        if killed {
            // The names are about to change, which waits for the guest to leave.
            let mut probe = place.connected("postgres").await;
            let changing = "SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE 'ALTER DATABASE%'";
            until(&mut probe, changing, "1").await;
            restore.signal(Signal::SIGKILL);
            restore.ended();
        } else {
            let refused = restore.refused();
            assert!(refused.contains("somebody is connected to the database"), "{refused}");
        }
        let _ = guest.close_hard().await;
        assert_eq!(state(&place).await, "old");
    }
    place.run(&["restore", &file]).unwrap();
    assert_eq!(state(&place).await, "new");
}

#[tokio::test]
async fn a_backup_of_another_program_or_of_a_newer_version_is_refused_and_an_older_one_is_migrated() {
    let place = Place::new();
    let file = old_and_new(&place).await;
    let foreign = place.at("foreign").display().to_string();
    {
        let options = cluster::options(&place.data());
        let server = Embedded::attach_or_start(&options).unwrap();
        let client = server.pg_dump(&options).unwrap();
        client.dump("postgres", std::fs::File::create(&foreign).unwrap(), &AtomicBool::new(false)).unwrap();
    }
    let refused = place.refused(&["restore", &foreign]);
    assert!(refused.contains("is of another program's database"), "{refused}");

    let service = place.service();
    let mut connection = place.connected("china_auto").await;
    let future = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                  VALUES (987654321, 'later', true, '', 0)";
    execute(&mut connection, future).await;
    let newer = place.at("newer").display().to_string();
    place.run(&["backup", &newer]).unwrap();
    execute(&mut connection, "DELETE FROM _sqlx_migrations WHERE version = 987654321").await;
    service.stop();
    let refused = place.refused(&["restore", &newer]);
    assert!(refused.contains("has migration 987654321"), "{refused}");
    assert_eq!(state(&place).await, "old");

    let service = place.service();
    let mut connection = place.connected("china_auto").await;
    let down = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
    let down = down.map(|entry| entry.unwrap().path());
    let down = down.filter(|path| path.to_str().unwrap().ends_with(".down.sql")).max();
    execute(&mut connection, &std::fs::read_to_string(down.unwrap()).unwrap()).await;
    let last = "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    execute(&mut connection, last).await;
    place.run(&["backup", &file, "--overwrite"]).unwrap();
    let left = one(&mut connection, "SELECT count(*)::text FROM _sqlx_migrations").await;
    service.stop();
    let told = place.run(&["restore", &file]).unwrap();
    assert!(told.ends_with("; 1 migration(s) applied\n"), "{told}");
    let service = place.service();
    let mut connection = place.connected("china_auto").await;
    let found = one(&mut connection, "SELECT (count(*) - 1)::text FROM _sqlx_migrations").await;
    assert_eq!(found, left);
    service.stop();
}

#[tokio::test]
async fn a_backup_that_ends_early_leaves_no_file_of_its_name() {
    let place = Place::new();
    let service = place.service();
    std::fs::create_dir(place.at("backups")).unwrap();
    let file = place.at("backups/file").display().to_string();
    let mut holder = place.connected("china_auto").await;
    let mut probe = place.connected("postgres").await;
    execute(&mut holder, "BEGIN; LOCK TABLE release IN ACCESS EXCLUSIVE MODE").await;
    let waiting = "SELECT count(*)::text FROM pg_stat_activity WHERE application_name = 'pg_dump' AND wait_event_type = 'Lock'";
    for (signal, left) in [(Signal::SIGINT, &[][..]), (Signal::SIGKILL, &["file.unfinished"][..])] {
        let mut backup = Service::spawn(begun(&place.data(), &["backup", &file]));
        until(&mut probe, waiting, "1").await;
        let refused = place.refused(&["backup", &file]);
        assert!(refused.contains("another backup is being written"), "{refused}");
        backup.signal(signal);
        if signal == Signal::SIGINT {
            assert!(backup.refused().contains("it was cancelled"));
        } else {
            backup.ended();
        }
        until(&mut probe, waiting, "0").await;
        assert_eq!(place.names("backups"), left);
    }
    execute(&mut holder, "ROLLBACK").await;
    // Its lock goes with the last process that had the file.
    eventually("the file", || place.run(&["backup", &file]).ok());
    assert_eq!(place.names("backups"), ["file"]);
    service.stop();
}

#[tokio::test]
async fn what_cannot_be_backed_up_or_restored_is_refused_with_what_to_do() {
    let place = Place::new();
    let file = place.at("file").display().to_string();
    assert!(place.refused(&["backup", &file]).contains("holds no database"));
    assert!(place.refused(&["restore", &file]).contains("No such file"));
    for (what, instead) in [("backup", "pg_dump"), ("restore", "pg_restore")] {
        let mut command = begun(&place.data(), &[what, &file]);
        command.env("DATABASE_URL", "postgres://me:s3cret@db.example/market");
        let refused = ended(command).unwrap_err();
        for part in ["the embedded PostgreSQL", "DATABASE_URL", "db.example", instead] {
            assert!(refused.contains(part), "{part} is not in: {refused}");
        }
        assert!(!refused.contains("s3cret"), "{refused}");
    }
    assert!(!place.data().exists());

    // A server that says itself where its programs are.
    place.service().stop();
    let started = std::fs::read_to_string(place.data().join("postgresql/postmaster.opts")).unwrap();
    let programs = Path::new(started.split(" \"").next().unwrap()).parent().unwrap().to_owned();
    let few = place.at("few");
    std::fs::create_dir(&few).unwrap();
    for program in ["initdb", "postgres"] {
        let script = format!("#!/bin/sh\nexec '{}' \"$@\"\n", programs.join(program).display());
        std::fs::write(few.join(program), script).unwrap();
        std::fs::set_permissions(few.join(program), PermissionsExt::from_mode(0o755)).unwrap();
    }
    let mut command = begun(&place.data(), &["backup", &file]);
    command.env("PG_BINDIR", &few);
    let refused = ended(command).unwrap_err();
    assert!(refused.contains("has no pg_dump") && refused.contains("PG_BINDIR"), "{refused}");
    assert_eq!(place.names("").iter().filter(|name| name.starts_with("file")).count(), 0);
}

#[tokio::test]
async fn a_data_folder_with_a_comma_in_its_name_is_backed_up_and_restored_too() {
    let place = Place::new();
    let data_dir = place.at("a, \"b\" c");
    let file = place.at("file").display().to_string();
    let mut service = Service::on(&data_dir);
    service.url("");
    ended(begun(&data_dir, &["backup", &file])).unwrap();
    service.stop();
    ended(begun(&data_dir, &["restore", &file])).unwrap();
}
