//! What changed: the feed of releases that skips nothing, and what one release changed.

use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::cluster;
use crate::ingest::{load, small};

/// The words of an entry: what happened to which document.
fn told(entry: &Value) -> String {
    format!("{} {}", entry["kind"].as_str().unwrap(), entry["document"].as_str().unwrap_or("-"))
}

/// Where a poller asks next.
fn since(answer: &Answer) -> String {
    answer.json()["meta"]["since"].as_str().unwrap().to_owned()
}

/// Asks until there is nothing more, a few entries at once.
async fn poll(client: &Client, cursor: &mut String) -> Vec<Value> {
    let mut found = Vec::new();
    loop {
        let answer = client.get(&format!("/v1/changes?limit=7&since={cursor}")).await.expect(200);
        *cursor = since(&answer);
        found.extend(answer.data());
        if answer.json()["meta"]["complete"] == true {
            return found;
        }
    }
}

#[tokio::test]
async fn the_feed_has_every_release_once_and_ends_with_where_to_ask_next() {
    let client = Client::bundled().await;
    let rows = client.rows("/v1/changes?limit=97").await;
    let releases = client.rows("/v1/releases").await;
    let ids =
        |rows: &[Value], field: &str| rows.iter().map(|row| row[field].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(ids(&rows, "release"), ids(&releases, "id").into_iter().rev().collect::<Vec<_>>());
    let first = client.get("/v1/changes?limit=3").await.expect(200);
    assert_eq!((first.header("x-complete"), first.data().len()), ("false", 3));
    let behind =
        client.get(&format!("/v1/changes?since={}", first.data()[2]["cursor"].as_str().unwrap())).await;
    assert_eq!(behind.data()[0], rows[3]);
    let path = format!("/v1/changes?since={}", since(&behind));
    let empty = client.get(&path).await.expect(200);
    assert_eq!((empty.data().len(), since(&empty)), (0, since(&behind)));
    assert_eq!(empty.json()["links"]["next"], Value::Null);
    for path in ["/v1/changes?limit=5", &path] {
        client.revalidates(path).await;
    }
    client.formats_agree("/v1/changes?limit=50").await;
    let production = client.rows("/v1/changes?collection=production&limit=10").await;
    assert!(production.len() > 100 && production.iter().all(|entry| entry["collection"] == "production"));
}

#[tokio::test]
async fn a_time_leads_to_the_first_entry_of_then_or_later() {
    let client = Client::bundled().await;
    let all = client.rows("/v1/changes").await;
    let at = all[0]["at"].as_str().unwrap();
    assert_eq!(client.rows(&format!("/v1/changes?since={at}")).await, all);
    assert_eq!(client.rows("/v1/changes?since=2001-05").await, all);
    let later = client.get("/v1/changes?since=2199-01-01").await.expect(200);
    assert_eq!(
        (later.data().len(), since(&later)),
        (0, all.last().unwrap()["cursor"].as_str().unwrap().to_owned())
    );
}

#[tokio::test]
async fn a_place_that_the_feed_does_not_have_is_refused() {
    let client = Client::bundled().await;
    let wrong =
        client.get("/v1/changes?since=yesterday&collection=none&cursor=x&limit=0&q=1").await.expect(422);
    let mut names: Vec<String> = wrong.faults().into_iter().map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names, ["collection", "cursor", "limit", "q", "since"]);
}

#[tokio::test]
async fn corrections_and_withdrawals_are_entries_of_their_own() {
    let fresh = cluster::migrated().await;
    load(&fresh.database, &small(&["2018,100,t-2019,value", "2018,105,t-2021,value"])).await;
    let client = Client::of(fresh).await;
    let mut cursor = String::new();
    let first = poll(&client, &mut cursor).await;
    assert!(first.iter().all(|entry| entry["kind"] == "released"));
    assert_eq!(poll(&client, &mut cursor).await, [Value::Null; 0]);
    load(&client.database.database, &small(&["2018,100,t-2019,value", "2018,106,t-2021,value"])).await;
    let second = poll(&client, &mut cursor).await;
    assert_eq!(second.iter().map(told).collect::<Vec<_>>(), ["released t-2021", "superseded t-2021"]);
    assert_eq!(second[1]["superseded_by"], second[0]["release"]);
    load(&client.database.database, &small(&["2018,100,t-2019,value"])).await;
    let third = poll(&client, &mut cursor).await;
    assert_eq!(third.iter().map(told).collect::<Vec<_>>(), ["withdrawn t-2021"]);
    assert!(third[0]["withdrawn_reason"].is_string());
    let again = client.rows("/v1/changes").await;
    assert_eq!(again, [first, second, third].concat(), "who comes later sees the same");
}

#[tokio::test]
async fn a_poller_beside_imports_misses_nothing_and_sees_nothing_twice() {
    let fresh = cluster::migrated().await;
    load(&fresh.database, &small(&[])).await;
    let client = Client::of(fresh).await;
    let mut cursor = String::new();
    let mut seen = poll(&client, &mut cursor).await;
    let database = &client.database.database;
    let rows = |number: u32| [format!("2018,{number},t-2019,value"), format!("2017,{number},t-2021,value")];
    let import = async |from: u32| {
        for number in (from..from + 8).step_by(2) {
            let rows = rows(number);
            let kept = if number % 3 == 0 { 1 } else { 2 };
            load(database, &small(&rows.each_ref().map(String::as_str)[..kept])).await;
        }
    };
    let polling = async {
        for _ in 0..60 {
            seen.extend(poll(&client, &mut cursor).await);
        }
    };
    tokio::join!(import(100), import(101), polling);
    seen.extend(poll(&client, &mut cursor).await);
    let whole = client.rows("/v1/changes").await;
    assert_eq!(seen, whole);
    let kinds = |kind: &str| whole.iter().filter(|entry| entry["kind"] == kind).count();
    assert!(kinds("superseded") > 2 && kinds("withdrawn") > 0, "{}", whole.len());
}

#[tokio::test]
async fn a_writer_waits_for_the_one_whose_entries_come_first() {
    let client = Client::bundled().await;
    let database = &client.database.database;
    let (mut slow, mut quick) = (database.writer().await.unwrap(), database.writer().await.unwrap());
    let withdraw = "UPDATE release SET withdrawn_at = now() WHERE release_id = $1";
    sqlx::query("BEGIN").execute(&mut slow).await.unwrap();
    sqlx::query(withdraw).bind(200).execute(&mut slow).await.unwrap();
    sqlx::query("SET lock_timeout = 200").execute(&mut quick).await.unwrap();
    let refused = sqlx::query(withdraw).bind(201).execute(&mut quick).await;
    assert!(refused.is_err(), "it would have a later place and be seen first");
    let end = since(&client.get("/v1/changes").await.expect(200));
    sqlx::query("COMMIT").execute(&mut slow).await.unwrap();
    sqlx::query(withdraw).bind(201).execute(&mut quick).await.unwrap();
    let later = client.rows(&format!("/v1/changes?since={end}")).await;
    assert_eq!(later.iter().map(|entry| &entry["release"]).collect::<Vec<_>>(), [&json!(200), &json!(201)]);
}
