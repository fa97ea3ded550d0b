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

/// The changes of the newest release of a document.
async fn of_document(client: &Client, document: &str) -> Vec<Value> {
    let releases = client.rows(&format!("/v1/releases?document={document}")).await;
    client.rows(&format!("/v1/releases/{}/changes", releases[0]["id"])).await
}

/// Kind, period, value and previous value of each change.
fn short(changes: &[Value]) -> Vec<String> {
    let text = |change: &Value| {
        let text = |field: &str| change[field].as_str().unwrap().to_owned();
        format!("{} {} {} was {}", text("kind"), text("period"), change["value"], change["previous_value"])
    };
    changes.iter().map(text).collect()
}

#[tokio::test]
async fn a_release_says_what_it_stated_revised_and_withdrew() {
    let fresh = cluster::migrated().await;
    let rows = [
        "2016,80,t-2019,value",
        "2017,90,t-2019,value",
        "2018,100,t-2019,value",
        "2017,91,t-2020,value",
        "2018,105,t-2021,value",
        "2017,91,t-2021,value",
    ];
    load(&fresh.database, &small(&rows)).await;
    let client = Client::of(fresh).await;
    let first = of_document(&client, "t-2019").await;
    assert_eq!(short(&first), ["new 2016 80 was null", "new 2017 90 was null", "new 2018 100 was null"]);
    let edition = of_document(&client, "t-2020").await;
    let expected = ["withdrawn 2016 null was 80", "revised 2017 91 was 90", "withdrawn 2018 null was 100"];
    assert_eq!(short(&edition), expected);
    assert_eq!((&edition[1]["difference"], &edition[1]["previous_document"]), (&json!(1), &json!("t-2019")));
    assert_eq!(edition[1]["note"], "of t-2020");
    assert_eq!(short(&of_document(&client, "t-2021").await), ["new 2018 105 was null"], "2017 is restated");
    let corrected = [&rows[..4], &["2018,106,t-2021,value", "2019,7,t-2021,value"]].concat();
    load(&client.database.database, &small(&corrected)).await;
    let correction = of_document(&client, "t-2021").await;
    assert_eq!(short(&correction), ["revised 2018 106 was 105", "new 2019 7 was null"]);
    load(&client.database.database, &small(&rows[..4])).await;
    assert_eq!(of_document(&client, "t-2021").await, correction, "a withdrawn release still says it");
    let late = [&rows[..4], &["2017,89,t-2017,value"]].concat();
    load(&client.database.database, &small(&late)).await;
    assert_eq!(short(&of_document(&client, "t-2017").await), ["outdated 2017 89 was 91"]);
}

#[tokio::test]
async fn the_changes_of_all_releases_are_as_many_as_their_figures() {
    let client = Client::bundled().await;
    let releases = client.rows("/v1/releases").await;
    let (mut revised, mut largest) = (0, (0, String::new()));
    for release in releases.iter().filter(|release| release["collection_kind"] == "dataset") {
        let path = format!("/v1/releases/{}/changes", release["id"]);
        let changes = client.rows(&path).await;
        let stated = changes.iter().filter(|change| change["kind"] != "withdrawn").count();
        let count = |field: &str| release[field].as_u64().unwrap();
        let expected = count("rows") - count("restated") - count("confirmed");
        assert_eq!(u64::try_from(stated).unwrap(), expected, "{release}");
        revised += changes.iter().filter(|change| change["kind"] == "revised").count();
        largest = largest.max((changes.len(), path));
    }
    assert!(revised > 10, "{revised}");
    let path = largest.1;
    client.pages_add_up(&path, largest.0 / 5).await;
    client.revalidates(&path).await;
    let some = format!("{path}?limit=50");
    client.formats_agree(&some).await;
    let only = client.rows(&format!("{path}?kind=new")).await;
    assert!(!only.is_empty() && only.iter().all(|change| change["kind"] == "new"));
}

#[tokio::test]
async fn a_release_of_records_changes_no_figures_and_no_other_release_is_known() {
    let client = Client::bundled().await;
    let records = client.rows("/v1/releases?collection=organizations&limit=1").await;
    let answer = client.get(&format!("/v1/releases/{}/changes", records[0]["id"])).await.expect(200);
    assert_eq!((answer.data().len(), answer.warnings()), (0, vec!["no_data".to_owned()]));
    for path in ["/v1/releases/999999/changes", "/v1/releases/x/changes"] {
        client.get(path).await.expect(404).problem("not_found");
    }
    let wrong = client.get("/v1/releases/1/changes?kind=old&x=1").await.expect(422);
    assert_eq!(wrong.faults().len(), 2);
}
