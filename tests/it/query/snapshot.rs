//! All queries of a batch see one state of the data, and one that cannot be read leaves the others alone.

use std::time::Duration;

use china_auto::error::Error;
use china_auto::http;
use china_auto::params::Params;
use china_auto::timeseries::answer::page;
use china_auto::timeseries::fetch::{Connections, Reader};
use china_auto::timeseries::key::series_id;
use china_auto::timeseries::request;
use serde_json::json;
use sqlx::{Connection, PgConnection};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::{PATH, batch};
use crate::client::Client;
use crate::cluster;
use crate::observations::pages::{load, production};

/// What the loaded data say of 2022 and what a change makes of it.
const BEFORE: i64 = 27_020_615;
const AFTER: i64 = 27_020_999;

const NOW: &str = "source=oica&start=2022&end=2022";
const THEN: &str = "source=oica&start=2022&end=2022&as_of=2026";

/// Changes one figure, as a release does.
async fn change(connection: &mut PgConnection) {
    let series = series_id("production:A.production.oica.CN._T._T._T._T._T");
    let chunk =
        r#"UPDATE observation_chunk SET "values" = array_replace("values", $2, $3) WHERE series_id = $1"#;
    let changed = sqlx::query(chunk).bind(series).bind(BEFORE).bind(AFTER).execute(&mut *connection).await;
    assert_eq!(changed.unwrap().rows_affected(), 1);
    let raised = "UPDATE collection SET version = version + 1, changed_at = now() WHERE name = 'production'";
    sqlx::query(raised).execute(connection).await.unwrap();
}

/// Waits until a statement of the service waits for a lock, or until none of its connections is in a transaction any more; tells
/// the last statement of each.
async fn until(watcher: &mut PgConnection, is_waiting: bool) -> Vec<String> {
    let waiting = "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                     AND wait_event_type = 'Lock'";
    let busy = "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                  AND state <> 'idle'";
    let last =
        "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for _ in 0..600 {
        let sql = if is_waiting { waiting } else { busy };
        let found: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *watcher).await.unwrap();
        if found.is_empty() != is_waiting {
            return sqlx::query_scalar(last).fetch_all(watcher).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nothing came of it")
}

/// A connection in whose transaction the history is locked: whoever asks for the past waits.
async fn locked(client: &Client) -> PgConnection {
    let mut connection = PgConnection::connect_with(&client.database.options).await.unwrap();
    sqlx::query("BEGIN").execute(&mut connection).await.unwrap();
    sqlx::query("LOCK TABLE observation_history IN ACCESS EXCLUSIVE MODE")
        .execute(&mut connection)
        .await
        .unwrap();
    connection
}

async fn watcher(client: &Client) -> PgConnection {
    PgConnection::connect_with(&client.database.options).await.unwrap()
}

#[tokio::test]
async fn a_change_between_two_queries_is_seen_by_none_of_a_batch() {
    let client = Client::bundled().await;
    let (mut writer, mut watcher) = (locked(&client).await, watcher(&client).await);
    let changing = async {
        until(&mut watcher, true).await;
        change(&mut writer).await;
        sqlx::query("COMMIT").execute(&mut writer).await.unwrap();
    };
    let (answer, ()) = tokio::join!(
        client.batch(&[("production", NOW), ("production", THEN), ("production", NOW)]),
        changing
    );
    for name in ["q0", "q1", "q2"] {
        assert_eq!(answer.observations(name)[0]["value"], BEFORE, "{name}");
        assert_eq!(answer.result(name)["answer"]["meta"]["version"], 1, "{name}");
    }
    assert_eq!(answer.json()["meta"]["versions"]["production"], 1);
    let after = client.batch(&[("production", NOW), ("production", THEN)]).await;
    for name in ["q0", "q1"] {
        assert_eq!(after.observations(name)[0]["value"], AFTER, "{name}");
    }
    assert_eq!(after.json()["meta"]["versions"]["production"], 2);
}

#[tokio::test]
async fn a_change_between_understanding_a_batch_and_reading_for_it_has_it_understood_anew() {
    let client = Client::with_connections(cluster::database().await, 1).await;
    client.batch(&[("production", NOW)]).await;
    let only = client.app.pool.acquire().await.unwrap();
    let changing = async {
        // The batch stands in the queue for the only connection; behind it, this does, and before what it reads next.
        let (next, ()) = tokio::join!(client.app.pool.acquire(), async { drop(only) });
        change(&mut watcher(&client).await).await;
        drop(next);
    };
    let (answer, ()) = tokio::join!(client.batch(&[("production", NOW)]), changing);
    assert_eq!(answer.observations("q0")[0]["value"], AFTER);
    assert_eq!(answer.json()["meta"]["versions"]["production"], 2);
}

#[tokio::test]
async fn what_a_snapshot_shows_stays_while_an_import_lands() {
    let client = Client::bundled().await;
    let (vocabulary, snapshot) = client.app.vocabularies.snapshot().await.unwrap();
    let dataset = vocabulary.dataset("production").unwrap();
    for query in [NOW, THEN] {
        let plan = request::read(&mut Params::parse(query), &vocabulary, dataset);
        let reader = |connections| Reader {
            connections,
            plan: &plan,
            dataset,
            vocabulary: &vocabulary,
            pin: None,
            reads_all: false,
            heavy: None,
        };
        let figures = async |connections| {
            let frame = page(&reader(connections), None, 10).await?;
            Ok(format!("{:?}", frame.series.first().map(|series| &series.observations)))
        };
        let before = figures(Connections::Snapshot(&snapshot)).await.unwrap();
        if query == NOW {
            let file = production(|line| {
                Some(line.replace(",A,2022,27020615,A,jhelvy", ",A,2022,27020999,A,jhelvy"))
            });
            load(&client, "observations/production.csv", file).await;
        }
        assert!(before.contains("27020615"), "{before}");
        assert_eq!(figures(Connections::Snapshot(&snapshot)).await.unwrap(), before);
        let moved: Result<String, Error> = figures(Connections::Pool(&client.app.pool)).await;
        assert!(matches!(moved, Err(Error::Moved)), "{moved:?}");
    }
    snapshot.close().await.unwrap();
    let now = client.get(&format!("/v1/production?{NOW}")).await.expect(200).data();
    assert_eq!(now[0]["value"], AFTER);
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_given_up_alone() {
    let client = Client::bundled().await;
    let writer = locked(&client).await;
    let answer = client.batch(&[("production", NOW), ("production", THEN), ("production", NOW)]).await;
    drop(writer);
    assert_eq!(answer.result("q1")["problem"]["code"], "timeout");
    assert_eq!(answer.result("q1")["status"], 504);
    for name in ["q0", "q2"] {
        assert_eq!(answer.observations(name)[0]["value"], BEFORE, "{name}");
    }
}

#[tokio::test]
async fn a_batch_whose_caller_went_away_ends() {
    let client = Client::with_connections(cluster::database().await, 1).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(axum::serve(listener, http::router(client.app.clone())).into_future());
    let (mut writer, mut watcher) = (locked(&client).await, watcher(&client).await);
    let body = batch(&[("production", THEN), ("production", NOW)]).to_string();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut caller = TcpStream::connect(address).await.unwrap();
    caller.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    until(&mut watcher, true).await;
    drop(caller);
    // Time to notice; then the statement under way may end.
    tokio::time::sleep(Duration::from_millis(300)).await;
    sqlx::query("ROLLBACK").execute(&mut writer).await.unwrap();
    writer.close().await.unwrap();
    let last = until(&mut watcher, false).await;
    assert!(last.iter().any(|statement| statement == "ROLLBACK"), "it was given up, not finished: {last:?}");
    // The only connection is free again.
    let after = client.batch(&[("production", THEN)]).await;
    assert_eq!(after.result("q0")["status"], json!(200));
    serving.abort();
}
