//! The same state again, from the files that were kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use china_auto::access::Actor;
use china_auto::clock::Clock;
use china_auto::database::Database;
use china_auto::error::Error;
use china_auto::ingest::file::{
    Done, Job, Kept, Mapping, Options, Progress, Received, Report, Which, create_dataset, import, withdraw,
};
use china_auto::ingest::rebuild::{Rebuilt, rebuild};
use china_auto::ingest::{Files, archive};
use chrono::TimeDelta;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::client::Client;
use crate::cluster::{TestDatabase, clock, database, migrated, open, program};
use crate::service::{Service, command};

const TIDY: &str =
    "measure,source,geo,maker,brand,model,vehicle_class,powertrain,frequency,period,value,status\n";

const OWN: &str = "dataset = 'own_registrations'\ntitle_en = 'Registrations'\ndescription = 'Ours.'\n\
    dimensions = ['measure', 'source', 'geo', 'powertrain']\nfrequencies = ['M']\ndefault_frequency = 'M'\ncomplete = true\n\
    licence = 'ours'\n[[measure]]\ncode = 'registered'\nname_en = 'Registered'\nunit = 'vehicles'\nkind = 'flow'\n";

/// A database that files go to, a minute after one another.
struct World {
    database: TestDatabase,
    folder: tempfile::TempDir,
    kept: Kept,
    minutes: i64,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { database: database().await, kept: Kept::of(folder.path()), folder, minutes: 0 }
    }

    fn later(&mut self) -> Clock {
        self.minutes += 1;
        Clock::fixed(clock().now() + TimeDelta::minutes(self.minutes))
    }

    fn handle(&self) -> &Database {
        &self.database.database
    }

    async fn done(&mut self, name: &str, text: &str, says: &str) -> Done {
        let clock = self.later();
        let path: PathBuf = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        let says = Mapping::parse(says).unwrap();
        let codes = [("geo", Some("CN-GD".to_owned()))];
        let add_codes = codes
            .map(|(name, parent)| (china_auto::timeseries::key::Dimension::from_name(name).unwrap(), parent));
        let options = Options {
            says,
            replace: name.starts_with("again"),
            add_codes: add_codes.into(),
            ..Options::default()
        };
        let received = Received::at(&path).unwrap();
        let job = Job { kept: Some(&self.kept), ..Job::new(&received, &options) };
        let done = import(self.handle(), job, &clock, &Progress::default()).await.unwrap();
        // What is kept is all that is left of it.
        fs::remove_file(path).unwrap();
        done
    }

    async fn taken(&mut self, name: &str, text: &str, says: &str) -> Report {
        match self.done(name, text, says).await {
            Done::Taken(_, report) => *report,
            other => panic!("{other:?}"),
        }
    }

    async fn execute(&self, statement: &str) {
        let mut connection = PgConnection::connect_with(&self.database.options).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    }

    async fn rebuilt(&self) -> (TestDatabase, Result<Rebuilt, Error>) {
        let target = migrated().await;
        let rebuilt = rebuild(self.handle(), &target.database, &self.kept, &Files::bundled()).await;
        (target, rebuilt)
    }
}

/// Everything in a database but how often its collections changed, file by file.
async fn exported(database: &Database, folder: &Path) -> Vec<(PathBuf, String)> {
    archive::export(database, folder).await.unwrap();
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !["collections.csv", "export.toml"].iter().any(|name| path.ends_with(name)) {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path.strip_prefix(folder).unwrap().to_owned(), text));
            }
        }
    }
    files.sort();
    files
}

/// A dataset of one's own, revisions, a correction, a withdrawal, and what came to nothing.
async fn filled() -> World {
    let mut world = World::new().await;
    let clock = world.later();
    create_dataset(world.handle(), OWN, Some(&world.kept), None, &clock).await.unwrap();
    let says = |dataset: &str, document: &str| {
        format!(
            "dataset = '{dataset}'\n[document]\ndocument = '{document}'\npublished = '2026-02'\nlicence = 'ours'\n"
        )
    };
    let own = |document: &str| says("own_registrations", document);
    let production = |document: &str| says("production", document);
    let header = "measure,source,geo,powertrain,period,value\n";
    let row = |geo: &str, value: u32| format!("registered,caam,{geo},BEV,2026-01,{value}\n");
    let two = format!("{header}{}{}", row("羊城", 100), row("鹏城", 200));
    world.taken("a.csv", &two, &own("first")).await;
    world.taken("b.csv", &(header.to_owned() + &row("羊城", 110)), &own("second")).await;
    let faulty = header.to_owned() + &row("鹏城", 1).replace("BEV", "BEVV");
    let refused = world.done("c.csv", &faulty, &own("third")).await;
    assert!(matches!(refused, Done::Refused(_)));
    let sales = |value: u32| format!("{TIDY}sales,caam,CN-GD,_T,_T,_T,PV,BEV,M,2026-01,{value},A\n");
    world.taken("d.csv", &sales(1), &production("own-1")).await;
    let slip = world.taken("e.csv", &sales(2), &production("own-2")).await;
    let clock = world.later();
    withdraw(world.handle(), (Which::Release(slip.releases[0]), None), "a slip", Duration::MAX, &clock)
        .await
        .unwrap();
    world.taken("again-d.csv", &sales(3), &production("own-1")).await;
    // An import that failed leaves its numbers free for ever.
    world.execute("SELECT nextval(pg_get_serial_sequence('release', 'release_id')), nextval(pg_get_serial_sequence('import', 'import_id'))").await;
    world.taken("f.csv", &sales(4), &production("own-3")).await;
    world
}

#[tokio::test]
async fn what_is_made_of_the_kept_files_is_what_was_there() {
    let world = filled().await;
    world.execute("INSERT INTO import (kind, state, checksum, file_name, detail) VALUES ('file', 'failed', '\\x00', 'x', 'why')").await;
    let (target, rebuilt) = world.rebuilt().await;
    let rebuilt = rebuilt.unwrap();
    assert_eq!((rebuilt.files, rebuilt.withdrawals, rebuilt.is_exact), (7, 1, true));
    let folder = tempfile::tempdir().unwrap();
    let was = exported(world.handle(), &folder.path().join("was")).await;
    let is = exported(&target.database, &folder.path().join("is")).await;
    assert!(was.len() > 20);
    for ((name, was), (_, is)) in was.iter().zip(&is) {
        assert!(was == is, "{} differs", name.display());
    }
    assert_eq!(was.len(), is.len());
    // An export has none of the kept files.
    let elsewhere = migrated().await;
    archive::restore(&elsewhere.database, &folder.path().join("was"), &Actor::of_command_line(), &clock())
        .await
        .unwrap();
    let (target, files) = (migrated().await, Files::bundled());
    let refused = rebuild(&elsewhere.database, &target.database, &world.kept, &files).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("is of d.csv, which was not kept"), "{refused}");
}

#[tokio::test]
async fn what_cannot_be_made_again_is_told_and_nothing_else_is_taken_for_it() {
    let world = filled().await;
    world.execute("UPDATE observation_chunk SET \"values\"[1] = 1 + coalesce(\"values\"[1], 0) WHERE series_id = (SELECT min(series_id) FROM observation_chunk)").await;
    let refused = world.rebuilt().await.1.unwrap_err().to_string();
    assert!(refused.contains("differs from what stands in observation_chunk"), "{refused}");
    let kept = fs::read_dir(world.folder.path().join("imports/kept")).unwrap();
    let paths: Vec<PathBuf> = kept.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(paths.len(), 7);
    fs::remove_file(&paths[0]).unwrap();
    let refused = world.rebuilt().await.1.unwrap_err().to_string();
    assert!(refused.contains(&format!("not kept at {} any more", paths[0].display())), "{refused}");
    fs::copy(&paths[1], &paths[0]).unwrap();
    let refused = world.rebuilt().await.1.unwrap_err().to_string();
    assert!(refused.contains("is not what was received"), "{refused}");
    world.execute("UPDATE import SET is_kept = false WHERE file_name = 'd.csv'").await;
    let refused = world.rebuilt().await.1.unwrap_err().to_string();
    assert!(refused.contains("is of d.csv, which was not kept"), "{refused}");
    world.execute("INSERT INTO import (kind, state, checksum) VALUES ('file', 'waiting', '\\x00')").await;
    let refused = world.rebuilt().await.1.unwrap_err().to_string();
    assert!(refused.contains("is on its way"), "{refused}");
}

/// What a command on a data folder prints, and whether it ended well.
fn run(data_dir: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = command(program(), data_dir);
    command.arg("--no-bundled-data=false").args(arguments);
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn the_command_puts_it_in_place_or_where_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    let data_dir = folder.path().join("data");
    let path = folder.path().join("own.csv");
    fs::write(&path, format!("{TIDY}sales,caam,CN-GD,_T,_T,_T,PV,BEV,M,2026-01,1234,A\n")).unwrap();
    let (taken, told) =
        run(&data_dir, &["import", path.to_str().unwrap(), "--dataset", "production", "--licence", "ours"]);
    assert!(taken, "{told}");
    fs::remove_file(path).unwrap();
    let (made, told) = run(&data_dir, &["rebuild"]);
    assert!(
        made && told.contains("rebuilt from 1 kept files, 923 releases, 0 withdrawn; all figures"),
        "{told}"
    );
    let other = migrated().await;
    let (made, told) = run(&data_dir, &["rebuild", "--into", &other.url()]);
    assert!(made && told.contains("rebuilt from 1 kept files"), "{told}");
    let (made, told) = run(&data_dir, &["rebuild", "--into", &other.url()]);
    assert!(!made && told.contains("has releases already"), "{told}");
    let (made, told) = run(&data_dir, &["rebuild", "--database-url", &other.url()]);
    assert!(!made && told.contains("name it with --into"), "{told}");
    let client = Client::of(other).await;
    let figure =
        "/v1/production?measure=sales&source=caam&geo=CN-GD&vehicle_class=PV&powertrain=BEV&frequency=M";
    assert_eq!(client.rows(figure).await[0]["value"], 1234);
    let mut service = command(program(), &data_dir);
    service.arg("--no-bundled-data=false");
    let mut service = Service::spawn(service);
    let answer: serde_json::Value = reqwest::get(service.url(figure)).await.unwrap().json().await.unwrap();
    assert_eq!(answer["data"][0]["value"], 1234);
    let (made, told) = run(&data_dir, &["rebuild"]);
    assert!(!made && told.contains("runs"), "{told}");
    service.stop();
}
