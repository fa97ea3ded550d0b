//! Large answers as CSV and lines of JSON, sent while they are read.

mod data;
mod lives;
mod served;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::{Request, Response};
use china_auto::http;
use data::{MADE, MONTHS, make};
use futures_util::StreamExt as _;
use serde_json::json;
use tower::ServiceExt as _;

use crate::client::Client;
use crate::cluster;

/// Series whose figures are more than are sent with a length, and fit into few batches.
const SERIES: usize = 300;

/// A query for every series that is bundled.
const EVERYTHING: &str =
    "/v1/production?measure=*&geo=*&maker=*&brand=*&model=*&vehicle_class=*&powertrain=*";

async fn client(series: usize) -> Client {
    let database = cluster::database().await;
    make(&database, series).await;
    Client::of(database).await
}

/// The answer to a path with its body unread.
async fn unread(client: &Client, path: &str) -> Response<Body> {
    let request = Request::get(path).body(Body::empty()).unwrap();
    http::router(client.app.clone()).oneshot(request).await.unwrap()
}

async fn chunk(body: &mut BodyDataStream) -> Option<Result<Bytes, axum::Error>> {
    body.next().await
}

#[tokio::test]
async fn a_large_answer_is_sent_while_it_is_read_and_is_what_the_pages_hold() {
    let client = client(SERIES).await;
    let pages = client.rows(&MADE.replace("&format=csv", "&limit=10000")).await;
    assert_eq!(pages.len(), SERIES * MONTHS);
    let table = client.get(MADE).await.expect(200);
    assert_eq!((table.header("content-length"), table.header("x-complete")), ("", "true"));
    let rows = table.csv();
    assert_eq!(rows.len(), pages.len());
    for (row, page) in rows.iter().zip(&pages) {
        assert_eq!((&row["series"], &row["period"]), (&text(&page["series"]), &text(&page["period"])));
        assert_eq!(row["value"], page["value"].to_string());
    }
    let mut lines = client.get(&MADE.replace("csv", "ndjson")).await.expect(200).ndjson();
    let end = json!({"type": "end", "rows": pages.len(), "complete": true, "next": null});
    assert_eq!(lines.pop(), Some(end));
    assert!(lines == pages, "the lines differ from the pages");
    let query = json!({"query": {"dataset": "production", "measure": ["registrations"], "geo": "*", "maker": "*",
        "model": "*", "frequency": ["M"], "source": ["open-ev-charts"]}});
    let posted = client.post_with("/v1/query", &[("accept", "text/csv")], &query).await.expect(200);
    assert!(posted.body == table.body && posted.header("etag").is_empty(), "a body asks for the same");
    assert_eq!(client.app.streams.free(), 2);
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().expect("it is a text").to_owned()
}

#[tokio::test]
async fn a_large_answer_has_a_tag_and_comes_coded_where_that_is_taken() {
    use std::io::Read as _;
    let client = client(SERIES).await;
    let plain = client.get(MADE).await.expect(200);
    let coded = client.get_with(MADE, &[("accept-encoding", "gzip")]).await.expect(200);
    assert_eq!((coded.header("content-encoding"), coded.header("content-length")), ("gzip", ""));
    assert_eq!(coded.header("etag"), format!("{}-gzip\"", plain.header("etag").trim_end_matches('"')));
    let mut decoded = Vec::new();
    flate2::read::GzDecoder::new(coded.body.as_ref()).read_to_end(&mut decoded).unwrap();
    assert!(decoded == plain.body && coded.body.len() * 5 < decoded.len());
    let known = client.get_with(MADE, &[("if-none-match", plain.header("etag"))]).await.expect(304);
    assert!(known.body.is_empty());
    // What is small, or not series by series, is read whole first.
    let small = client.get(&format!("{MADE}&start=2024-12&end=2024-12")).await.expect(200);
    assert_eq!(small.header("content-length"), small.body.len().to_string());
    let sorted = client.get(&format!("{MADE}&sort=value")).await.expect(200);
    assert_eq!(sorted.header("content-length"), sorted.body.len().to_string());
}

#[tokio::test]
async fn the_past_and_sources_side_by_side_are_sent_while_they_are_read_too() {
    let client = Client::bundled().await;
    for query in ["frequency=*&source=all&as_of=2026-11-24", "frequency=*&fill=null"] {
        let path = format!("{EVERYTHING}&{query}");
        let lines = client.get(&format!("{path}&format=ndjson")).await.expect(200);
        let is_large = lines.header("content-length").is_empty();
        assert!(is_large || !query.contains("source=all"), "{query} is small");
        let (mut lines, rows) = (lines.ndjson(), client.rows(&format!("{path}&limit=10000")).await);
        assert_eq!(lines.pop().unwrap()["rows"], rows.len());
        assert!(lines == rows, "{query}: the lines differ from the pages");
    }
}

#[tokio::test]
async fn an_import_during_a_download_changes_nothing_of_it() {
    let client = client(SERIES).await;
    let before = client.get(MADE).await.expect(200);
    let mut body = unread(&client, MADE).await.into_body().into_data_stream();
    let mut received = chunk(&mut body).await.unwrap().unwrap().to_vec();
    let mut writer = client.database.database.writer().await.unwrap();
    let change =
        "UPDATE observation_chunk SET \"values\" = array_fill(7::bigint, ARRAY[60]) WHERE series_id <= 300;
        UPDATE collection SET version = version + 1 WHERE name = 'production'";
    sqlx::raw_sql(change).execute(&mut writer).await.unwrap();
    while let Some(chunk) = chunk(&mut body).await {
        received.extend(chunk.unwrap());
    }
    assert!(received == before.body, "it is of one state");
    let after = client.get(MADE).await.expect(200);
    assert!(after.body != before.body && after.header("etag") != before.header("etag"));
}

#[tokio::test]
async fn as_many_downloads_as_half_the_connections_are_sent_at_a_time() {
    let client = client(SERIES).await;
    let (one, other) = (unread(&client, MADE).await, unread(&client, MADE).await);
    let refused = client.get(MADE).await.expect(503);
    refused.problem("unavailable");
    assert_eq!(refused.header("retry-after"), "2");
    assert!(refused.json()["detail"].as_str().unwrap().contains("downloads"), "{}", refused.text());
    client.get("/v1/production?format=csv").await.expect(200);
    drop(one);
    lives::idle(&client, 1).await;
    client.get(MADE).await.expect(200);
    drop(other);
}

#[tokio::test]
async fn answers_from_very_many_figures_wait_for_each_other_and_no_other_waits_for_them() {
    let client = client(1000).await;
    let heavy = format!("{MADE}&sort=-value&start=2015&end=2015-06");
    client.get(&heavy).await.expect(200);
    let place = client.app.heavy.enter().unwrap();
    let (refused, light) = tokio::join!(client.get(&heavy), client.get("/v1/production"));
    refused.clone().expect(503).problem("unavailable");
    assert_eq!(refused.header("retry-after"), "2");
    light.expect(200);
    let freed = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        drop(place);
    };
    let (waited, ()) = tokio::join!(client.get(&heavy), freed);
    waited.expect(200);
    assert_eq!(client.app.heavy.free(), 1);
}
