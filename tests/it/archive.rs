//! Everything to a folder of CSV and back to the same state.

use std::collections::BTreeMap;
use std::path::Path;

use china_auto::access::Actor;
use china_auto::database::Database;
use china_auto::ingest::archive::{ELSEWHERE, Summary, TABLES, export, restore};
use china_auto::ingest::synthetic::{Order, generate};
use china_auto::ingest::{Files, load_bundled};
use sqlx::AssertSqlSafe;
use tempfile::TempDir;

use crate::client::Client;
use crate::cluster::{self, TestDatabase, clock};

const ORDER: Order = Order { observations: 3_000, seed: 7, monthly: 2 };

fn by() -> Actor {
    Actor::of_command_line()
}

/// The bundled data, of which a document was corrected and another withdrawn, and a market with monthly releases.
async fn filled() -> TestDatabase {
    let filled = cluster::database().await;
    generate(&filled.database, &Files::bundled(), ORDER, &clock()).await.unwrap();
    let files = Files::bundled();
    let path = "observations/charging.csv";
    let text = include_str!("../../data/observations/charging.csv");
    let mut lines: Vec<&str> = text.lines().collect();
    let header: Vec<&str> = lines[0].split(',').collect();
    let document = header.iter().position(|column| *column == "document_id").unwrap();
    let of = |line: &str| line.split(',').nth(document).unwrap_or_default().to_owned();
    let (corrected, gone) = (of(lines[1]), of(lines[lines.len() - 1]));
    assert_ne!(corrected, gone);
    lines.remove(1);
    lines.retain(|line| of(line) != gone);
    let changed = files.with(path, lines.join("\n") + "\n");
    load_bundled(&filled.database, &changed, &clock()).await.unwrap();
    filled
}

/// Every row of every table, the ids of rollups apart.
async fn dump(of: &TestDatabase) -> BTreeMap<String, Vec<String>> {
    let mut connection = of.database.writer().await.unwrap();
    let mut all = BTreeMap::new();
    for table in of.tables().await.into_iter().filter(|table| table != "_sqlx_migrations") {
        // That an export was taken in is noted there where it was.
        let which = if table == "audit" { "WHERE subject <> 'export'" } else { "" };
        let rows = format!("SELECT (to_jsonb(t) - 'rollup_id')::text FROM {table} t {which} ORDER BY 1");
        let rows = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(&mut connection).await.unwrap();
        all.insert(table, rows);
    }
    all
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            all.extend(
                files(&entry.path()).into_iter().map(|(path, bytes)| (format!("{name}/{path}"), bytes)),
            );
        } else {
            all.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    all
}

async fn exported(database: &Database) -> (TempDir, Summary) {
    let folder = tempfile::tempdir().unwrap();
    let summary = export(database, &folder.path().join("export")).await.unwrap();
    (folder, summary)
}

#[tokio::test]
async fn an_export_is_taken_back_to_the_same_state() {
    let (before, after) = (filled().await, cluster::migrated().await);
    let (folder, written) = exported(&before.database).await;
    let taken = restore(&after.database, &folder.path().join("export"), &by(), &clock()).await.unwrap();
    assert_eq!(taken, written);
    let (expected, found) = (dump(&before).await, dump(&after).await);
    assert!(expected["observation_history"].len() > 1 && expected["observation_restatement"].len() > 1);
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (table, rows) in &expected {
        let differs = rows.iter().zip(&found[table]).find(|(expected, found)| expected != found);
        assert!(
            &found[table] == rows,
            "{table}: {} and {} rows, {differs:?}",
            found[table].len(),
            rows.len()
        );
    }
    let (second, _) = exported(&after.database).await;
    let (first, second) = (files(folder.path()), files(second.path()));
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    for (path, bytes) in &first {
        // The audit of the second has one entry more: that the first was taken in.
        let is_same = if path.ends_with("audit.csv") {
            second[path].starts_with(bytes)
        } else {
            *bytes == second[path]
        };
        assert!(is_same || path.ends_with("export.toml"), "{path} differs");
    }
    let (before, after) = (Client::of(before).await, Client::of(after).await);
    for path in [
        "/v1/series/production:A.production.oica.CN._T._T._T._T._T/vintages?start=2019&end=2019",
        "/v1/production?source=oica&start=2019&end=2019&as_of=2021-12-31",
        "/v1/charging?source=all&as_of=2022-06-30",
        "/v1/releases?limit=1000",
        "/v1/changes?limit=1000",
    ] {
        assert_eq!(
            after.get(path).await.expect(200).json(),
            before.get(path).await.expect(200).json(),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_damaged_or_missing_file_and_a_database_with_releases_are_refused_and_nothing_is_written() {
    let (source, target) = (cluster::database().await, cluster::migrated().await);
    let (folder, _) = exported(&source.database).await;
    let export = folder.path().join("export");
    let before = dump(&target).await;
    let refused = async |database: &Database| {
        restore(database, &export, &by(), &clock()).await.unwrap_err().to_string()
    };
    assert!(refused(&source.database).await.contains("has releases already"));
    let place = export.join("observations/production.csv");
    let whole = std::fs::read(&place).unwrap();
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() = b' ';
    std::fs::write(&place, damaged).unwrap();
    assert!(refused(&target.database).await.contains("SHA-256"));
    std::fs::remove_file(&place).unwrap();
    assert!(refused(&target.database).await.contains("observations/production.csv"));
    assert_eq!(dump(&target).await, before);
    std::fs::write(&place, whole).unwrap();
    restore(&target.database, &export, &by(), &clock()).await.unwrap();
}

#[tokio::test]
async fn every_table_is_written_or_listed_with_what_becomes_of_it() {
    let database = cluster::migrated().await;
    let mut connection = database.database.writer().await.unwrap();
    for name in database.tables().await {
        let mut columns: Vec<String> = sqlx::query_scalar(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
             ORDER BY 1",
        )
        .bind(&name)
        .fetch_all(&mut connection)
        .await
        .unwrap();
        let Some(table) = TABLES.iter().find(|table| table.name == name) else {
            assert!(ELSEWHERE.iter().any(|(table, _)| *table == name), "an export leaves {name} out");
            continue;
        };
        columns.retain(|column| !ELSEWHERE.iter().any(|(place, _)| *place == format!("{name}.{column}")));
        let mut written = table.columns.to_vec();
        written.sort_unstable();
        assert_eq!(written, columns, "{name}");
    }
}

#[tokio::test]
async fn a_folder_with_something_in_it_is_refused_and_left_as_it_is() {
    let database = cluster::migrated().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine"), "x").unwrap();
    let refused = export(&database.database, folder.path()).await.unwrap_err().to_string();
    assert!(refused.contains("is not empty"), "{refused}");
    assert_eq!(files(folder.path()).len(), 1);
}
