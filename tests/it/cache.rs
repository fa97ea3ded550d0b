//! Answers that are kept: the same as made anew, never old, bounded, made once for all who ask.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use serde_json::json;

use crate::client::{Answer, Client};
use crate::observations::pages::{load, production};

const SERIES: &str = "/v1/series/production:A.production.oica.CN._T._T._T._T._T";

/// The service with its vocabulary read, so that what is asked now can be kept.
async fn warm() -> Client {
    let client = Client::bundled().await;
    client.app.vocabularies.current().await.unwrap();
    client
}

/// Where an answer says that it came from; empty where it says nothing.
fn origin(answer: &Answer) -> &str {
    let mut parts = answer.header("server-timing").split(", ");
    parts.find_map(|part| part.strip_prefix("cache;desc=")).unwrap_or_default()
}

/// Everything of an answer but what is of the one request.
fn same(answer: &Answer) -> (BTreeMap<String, String>, &[u8]) {
    let headers =
        answer.headers.iter().filter(|(name, _)| *name != "server-timing" && *name != "x-request-id");
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (headers.collect(), &answer.body)
}

/// Asks for something until it is answered otherwise than before, and tells how long that took.
async fn until_changed(client: &Client, path: &str, before: &Answer) -> (Answer, Duration) {
    let start = Instant::now();
    loop {
        let answer = client.get(path).await.expect(200);
        if answer.header("etag") != before.header("etag") {
            return (answer, start.elapsed());
        }
        assert_eq!(same(&answer), same(before), "an answer changed and its tag did not");
        assert!(start.elapsed() < Duration::from_secs(20), "the change is never seen");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn raise(client: &Client, collection: &str) {
    let mut writer = client.database.database.writer().await.unwrap();
    let raise = "UPDATE collection SET version = version + 1, changed_at = now() WHERE name = $1";
    sqlx::query(raise).bind(collection).execute(&mut writer).await.unwrap();
}

#[tokio::test]
async fn what_is_sent_again_is_what_was_made() {
    let client = warm().await;
    let (series, vintages) = (SERIES.to_owned(), format!("{SERIES}/vintages"));
    let paths = [
        "/v1",
        "/v1/production",
        "/v1/production?shape=series",
        "/v1/production?shape=columns",
        "/v1/production?shape=array",
        "/v1/production?last=3&lang=zh",
        "/v1/production?limit=2",
        "/v1/production?as_of=2020",
        "/v1/production/series?limit=20",
        "/v1/production/availability",
        "/v1/production/reconcile?start=2007",
        "/v1/charging?access=public",
        "/v1/datasets",
        "/v1/codes/geo",
        "/v1/sources",
        "/v1/sources/caam",
        "/v1/documents?limit=5",
        "/v1/releases?limit=5",
        "/v1/changes?limit=5",
        "/v1/search?q=byd",
        "/v1/subsidies",
        "/v1/organizations",
        "/v1/events",
    ];
    for path in paths.into_iter().chain([series.as_str(), vintages.as_str()]) {
        for format in ["application/json", "text/csv", "application/x-ndjson"] {
            if path.contains("shape=") && format != "application/json" {
                continue;
            }
            for coding in ["identity", "gzip", "zstd"] {
                let headers =
                    [("accept", format), ("accept-encoding", coding), ("origin", "https://a.example")];
                let fresh = [&headers[..], &[("cache-control", "no-cache")]].concat();
                let made = client.get_with(path, &headers).await.expect(200);
                let again = client.get_with(path, &headers).await.expect(200);
                let anew = client.get_with(path, &fresh).await.expect(200);
                assert_eq!([&made, &again, &anew].map(origin), ["miss", "hit", "bypass"], "{path} {format}");
                assert_eq!(same(&made), same(&again), "{path} {format} {coding}");
                assert_eq!(same(&made), same(&anew), "{path} {format} {coding}");
                assert!(again.header("server-timing").contains("db;dur=0.0"), "{path}");
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_made_of_figures_tells_that_the_database_was_asked() {
    let client = warm().await;
    for path in ["/v1/production", "/v1/production?shape=columns&last=3", SERIES] {
        let timing = client.get(path).await.expect(200).header("server-timing").to_owned();
        assert!(timing.contains("db;dur=") && !timing.contains("db;dur=0.0"), "{path}: {timing}");
    }
}

#[tokio::test]
async fn the_order_of_parameters_and_their_spelling_make_no_other_answer() {
    let client = warm().await;
    let first = client.get("/v1/production?start=2019&source=oica").await.expect(200);
    for path in ["/v1/production?source=oica&start=2019", "/v1/production?source=%6Fica&start=2019"] {
        let again = client.get(path).await.expect(200);
        assert_eq!((origin(&again), again.header("etag")), ("hit", first.header("etag")), "{path}");
        assert_eq!(again.body, first.body, "{path}");
    }
    client.get("/v1/production?source=oica&start=2019&nonsense=").await.expect(422);
    client.get("/v1/production?source=oica&start=2019&start=2019").await.expect(422);
}

#[tokio::test]
async fn each_coding_is_a_form_with_a_tag_of_its_own() {
    let client = warm().await;
    let plain = client.get("/v1/production").await.expect(200);
    let tag = plain.header("etag").trim_matches('"').to_owned();
    for coding in ["gzip", "zstd"] {
        let accepts = ("accept-encoding", coding);
        let form = format!("\"{tag}-{coding}\"");
        for _ in 0..2 {
            let coded = client.get_with("/v1/production", &[accepts]).await.expect(200);
            assert_eq!((coded.header("content-encoding"), coded.header("etag")), (coding, form.as_str()));
            assert!(coded.header("vary").contains("Accept-Encoding"));
            assert_eq!(coded.header("content-length"), coded.body.len().to_string());
            let mut body = Vec::new();
            match coding {
                "gzip" => drop(flate2::read::GzDecoder::new(&coded.body[..]).read_to_end(&mut body).unwrap()),
                _ => body = zstd::decode_all(&coded.body[..]).unwrap(),
            }
            assert_eq!(body, plain.body);
            for (known, status) in [(form.as_str(), 304), (plain.header("etag"), 200), ("\"other\"", 200)] {
                client.get_with("/v1/production", &[accepts, ("if-none-match", known)]).await.expect(status);
            }
        }
        // Who takes no coding has not got the coded form.
        client.get_with("/v1/production", &[("if-none-match", &form)]).await.expect(200);
    }
    let both = client.get_with("/v1/production", &[("accept-encoding", "gzip, deflate, br, zstd")]).await;
    assert_eq!((both.header("content-encoding"), origin(&both)), ("zstd", "hit"));
}

#[tokio::test]
async fn what_has_changed_is_made_anew() {
    let client = warm().await;
    let paths = [
        "/v1/production?source=oica&start=2020&end=2020",
        SERIES,
        "/v1/production/series",
        "/v1/releases",
        "/v1",
    ];
    let mut before = Vec::new();
    for path in paths {
        client.get(path).await.expect(200);
        before.push(client.get(path).await.expect(200));
    }
    assert!(before.iter().all(|answer| origin(answer) == "hit"));
    let changes = production(|line| {
        Some(line.replace(",A,2020,25225242,A,ktt-2022-n3,", ",A,2020,25225999,A,ktt-2022-n3,"))
    });
    load(&client, "observations/production.csv", changes).await;
    for (path, before) in paths.into_iter().zip(before) {
        let after = client.get_with(path, &[("if-none-match", before.header("etag"))]).await.expect(200);
        assert_eq!(origin(&after), "miss", "{path}");
        assert_ne!(after.body, before.body, "{path}");
        assert_eq!(origin(&client.get(path).await.expect(200)), "hit", "{path}");
    }
    assert_eq!(client.rows(paths[0]).await[0]["value"], 25_225_999);
}

#[tokio::test]
async fn what_another_instance_changes_is_seen_soon_and_all_at_once() {
    let every = Duration::from_millis(300);
    let client = Client::bundled().await;
    let client = client.tuned(|app| app.vocabularies = app.vocabularies.clone().checked_every(every));
    let path = "/v1/production?source=oica&start=2020&end=2020";
    client.get(path).await.expect(200);
    let before = client.get(path).await.expect(200);
    assert_eq!(before.data()[0]["value"], 25_225_242);
    let changes = production(|line| {
        Some(line.replace(",A,2020,25225242,A,ktt-2022-n3,", ",A,2020,25225999,A,ktt-2022-n3,"))
    });
    let import = async {
        load(&client, "observations/production.csv", changes).await;
        Instant::now()
    };
    let reading = async {
        let (after, _) = until_changed(&client, path, &before).await;
        (after, Instant::now())
    };
    let (committed, (after, seen)) = join(import, reading).await;
    assert_eq!(after.data()[0]["value"], 25_225_999);
    assert_ne!(after.json()["meta"]["version"], before.json()["meta"]["version"]);
    assert!(seen.saturating_duration_since(committed) < every + Duration::from_secs(1));
    for _ in 0..20 {
        assert_eq!(client.get(path).await.expect(200).body, after.body, "it went back");
    }
}

#[tokio::test]
async fn whoever_changes_something_sees_it_at_once() {
    let day = Duration::from_hours(24);
    let client = warm().await.tuned(|app| app.vocabularies = app.vocabularies.clone().checked_every(day));
    client.get("/v1/production").await.expect(200);
    raise(&client, "production").await;
    let before = client.get("/v1/production").await.expect(200);
    assert_eq!(origin(&before), "hit", "nobody has looked for changes since");
    client.app.vocabularies.forget();
    let after = client.get("/v1/production").await.expect(200);
    assert_eq!(origin(&after), "miss");
    assert_ne!(after.header("etag"), before.header("etag"));
    // Who reads past what is kept finds the change without having looked for it, and from then on all see it.
    raise(&client, "production").await;
    let anew = client.get_with("/v1/production", &[("cache-control", "no-cache")]).await.expect(200);
    assert_ne!(anew.header("etag"), after.header("etag"));
    assert_eq!(client.get("/v1/production").await.expect(200).header("etag"), anew.header("etag"));
}

#[tokio::test]
async fn versions_are_read_once_for_all_requests_of_a_while() {
    let day = Duration::from_hours(24);
    let client = warm().await.tuned(|app| app.vocabularies = app.vocabularies.clone().checked_every(day));
    let first = client.get("/v1/production").await.expect(200);
    let held = client.database.hold(client.database.tables().await.iter().map(String::as_str)).await;
    let again = client.get("/v1/production").await.expect(200);
    assert_eq!((origin(&again), &again.body), ("hit", &first.body));
    client.get_with("/v1/production", &[("if-none-match", first.header("etag"))]).await.expect(304);
    client.get("/v1/production?geo=Atlantis").await.expect(422);
    held.release().await;
}

#[tokio::test]
async fn who_has_the_answer_is_told_so_before_anything_is_read() {
    let mut client = warm().await;
    let forms: [&[(&str, &str)]; 3] =
        [&[], &[("accept-encoding", "gzip")], &[("accept", "text/csv"), ("accept-encoding", "zstd")]];
    for path in ["/v1/production", "/v1/charging?access=public&shape=columns", SERIES] {
        for form in forms.iter().filter(|form| !path.contains("shape") || form.len() < 2) {
            let first = client.get_with(path, form).await.expect(200);
            let known = [form, &[("if-none-match", first.header("etag"))][..]].concat();
            let tables = ["series", "observation_chunk", "observation_history", "observation_note"];
            // Nothing is kept by a service that was started anew.
            client = client.tuned(|_| {});
            let held = client.database.hold(tables).await;
            for origin_told in ["miss", "hit"] {
                let told = client.get_with(path, &known).await.expect(304);
                assert_eq!((origin(&told), told.body.len()), (origin_told, 0), "{path}");
                for header in ["etag", "last-modified", "cache-control", "vary"] {
                    assert_eq!(told.header(header), first.header(header), "{path}");
                }
            }
            held.release().await;
            let other = [form, &[("if-none-match", "\"other\"")][..]].concat();
            assert_eq!(same(&client.get_with(path, &other).await.expect(200)), same(&first), "{path}");
            assert_eq!(same(&client.get_with(path, form).await.expect(200)), same(&first), "{path}");
            assert_eq!(origin(&client.get_with(path, &known).await.expect(304)), "hit");
        }
    }
}

#[tokio::test]
async fn many_who_ask_for_the_same_have_it_made_once() {
    let client = warm().await;
    let misses = client.app.metrics.misses.get();
    let held = client.database.hold(["observation_chunk"]).await;
    let release = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        held.release().await;
    };
    // The first one goes away before it is answered.
    let leaver = tokio::time::timeout(Duration::from_millis(100), client.get("/v1/production"));
    let all = join_all((0..20).map(|_| client.get("/v1/production")));
    let ((left, all), ()) = join(join(leaver, all), release).await;
    assert!(left.is_err());
    let origins: Vec<&str> = all.iter().map(origin).collect();
    assert_eq!(origins.iter().filter(|origin| **origin == "miss").count(), 1, "{origins:?}");
    assert_eq!(origins.iter().filter(|origin| **origin == "hit").count(), 19, "{origins:?}");
    assert!(all.iter().all(|answer| answer.status == 200 && answer.body == all[0].body));
    assert_eq!(client.app.metrics.misses.get() - misses, 1);
}

#[tokio::test]
async fn no_more_is_kept_than_may_be() {
    let client = warm().await.tuned(|app| app.cache_bytes = 256 << 10);
    let mut sent = 0;
    for (start, limit) in (2000..2020).flat_map(|start| (6..21).map(move |limit| (start, limit))) {
        let path = format!("/v1/production?source=oica&geo=*&start={start}&limit={limit}");
        sent += client.get(&path).await.expect(200).body.len();
    }
    let kept = client.app.metrics.kept.get();
    assert!(sent > 3 << 19, "{sent} bytes are too few to tell");
    // What is pushed out goes in batches of 64.
    assert!(kept > 64 << 10 && kept < 1 << 20, "{kept} bytes of {sent} are kept");
    // What would push out everything else is not kept.
    let large = "/v1/production?source=oica&geo=*&limit=2000";
    for _ in 0..2 {
        let answer = client.get(large).await.expect(200);
        assert_eq!(origin(&answer), "miss", "{} bytes", answer.body.len());
    }
}

#[tokio::test]
async fn refusals_and_answers_to_bodies_are_not_kept() {
    let client = warm().await;
    let kept = client.app.metrics.kept.get();
    for path in
        ["/v1/production?geo=Atlantis", "/v1/sources/nobody", "/v1/production?cursor=x", "/v1/nothing"]
    {
        for _ in 0..2 {
            let refused = client.get(path).await;
            assert!(refused.status >= 400 && origin(&refused).is_empty(), "{path}");
        }
    }
    let single = json!({"query": {"dataset": "production"}});
    let batch = json!({"queries": [{"name": "a", "dataset": "production"}]});
    for body in [single, batch] {
        for _ in 0..2 {
            let answer = client.post("/v1/query", &body).await.expect(200);
            assert_eq!((origin(&answer), answer.header("cache-control")), ("", "no-store"));
        }
    }
    for path in ["/readyz", "/livez", "/metrics", "/openapi.json"] {
        assert_eq!(origin(&client.get(path).await.expect(200)), "", "{path}");
    }
    assert_eq!(client.app.metrics.kept.get(), kept);
}

#[tokio::test]
async fn nothing_is_kept_where_that_is_wanted() {
    let client = warm().await;
    for _ in 0..2 {
        let refused = client.get_with("/v1/nothing", &[("cache-control", "no-store")]).await.expect(404);
        assert_eq!(origin(&refused), "");
        let anew = client.get_with("/v1/production", &[("cache-control", "no-store")]).await.expect(200);
        assert_eq!(origin(&anew), "bypass");
    }
    assert_eq!(origin(&client.get("/v1/production").await), "miss");
    let client = client.tuned(|app| app.cache_bytes = 0);
    let first = client.get("/v1/production").await.expect(200);
    let again = client.get("/v1/production").await.expect(200);
    assert_eq!((origin(&again), same(&again)), ("off", same(&first)));
    client.get_with("/v1/production", &[("if-none-match", first.header("etag"))]).await.expect(304);
}

#[tokio::test]
async fn the_service_counts_what_it_does() {
    let client = warm().await;
    for path in
        ["/v1/production", "/v1/production", "/v1/production?geo=Atlantis", "/v1/sources/caam", "/nowhere"]
    {
        client.get(path).await;
    }
    let metrics = client.get("/metrics").await.expect(200);
    assert_eq!(metrics.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    for line in [
        "china_auto_requests_total{operation=\"query_production\",status=\"200\"} 2",
        "china_auto_requests_total{operation=\"query_production\",status=\"422\"} 1",
        "china_auto_requests_total{operation=\"get_source\",status=\"200\"} 1",
        "china_auto_requests_total{operation=\"none\",status=\"404\"} 1",
        "china_auto_request_duration_seconds_count{operation=\"query_production\"} 3",
        "china_auto_cache_hits_total 1",
        "china_auto_cache_misses_total 2",
        "china_auto_pool_connections{state=\"in_use\"}",
    ] {
        assert!(metrics.text().lines().any(|l| l.starts_with(line)), "{line} is not in {}", metrics.text());
    }
}
