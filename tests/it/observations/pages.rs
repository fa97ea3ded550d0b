//! Pages: their order, their bounds, and that later ones answer as the first did.

use std::cmp::Reverse;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use china_auto::clock::Clock;
use china_auto::ingest::{Files, load_bundled};
use serde_json::{Value, json};

use super::published::days;
use crate::client::Client;

const QUERY: &str = "/v1/production?measure=production,sales&powertrain=*&frequency=*&source=all";

/// Takes in the bundled files with this text of one of them, a day after all others.
pub async fn load(client: &Client, path: &str, text: String) {
    let later = Clock::fixed("2026-11-25T04:00:00Z".parse().unwrap());
    let files = Files::bundled().with(path, text);
    let outcome = load_bundled(&client.database.database, &files, &later).await.unwrap();
    assert!(!outcome.unchanged);
}

/// The file of production with some lines rewritten; none leaves a line out.
pub fn production(rewrite: impl Fn(&str) -> Option<String>) -> String {
    let files = Files::bundled();
    let lines = files.text("observations/production.csv").unwrap().lines();
    lines.filter_map(rewrite).map(|line| line + "\n").collect()
}

#[tokio::test]
async fn pages_of_any_size_add_up_in_every_order() {
    let client = Client::bundled().await;
    let all = client.rows(&format!("{QUERY}&limit=10000")).await;
    assert!(all.len() > 500, "{}", all.len());
    let value = |row: &Value| row["value"].as_i64().unwrap();
    let end = |row: &Value| days(row["period"].as_str().unwrap()).1;
    for sort in ["series", "period", "-period", "value", "-value"] {
        let mut expected = all.clone();
        match sort {
            "period" => expected.sort_by_key(end),
            "-period" => expected.sort_by_key(|row| Reverse(end(row))),
            "value" => expected.sort_by_key(value),
            "-value" => expected.sort_by_key(|row| Reverse(value(row))),
            _ => {}
        }
        for limit in [97, 400] {
            let pages = client.pages(&format!("{QUERY}&sort={sort}&limit={limit}")).await;
            let rows: Vec<Value> = pages.iter().flat_map(crate::client::Answer::data).collect();
            assert!(rows == expected, "{sort} {limit}");
            assert_eq!(pages.len(), all.len().div_ceil(limit));
            for page in &pages {
                let (json, data) = (page.json(), page.data());
                let coverage = &json["meta"]["coverage"];
                let sources = json["meta"]["sources"].as_array().unwrap();
                let used: Vec<&str> =
                    sources.iter().map(|source| source["source"].as_str().unwrap()).collect();
                assert_eq!(
                    used,
                    super::each(&data, "source").into_iter().collect::<Vec<_>>(),
                    "{}",
                    page.path
                );
                assert_eq!(coverage["observations"], data.len());
                assert_eq!(coverage["series"], super::each(&data, "series").len(), "{}", page.path);
                let first = data.iter().map(|row| days(row["period"].as_str().unwrap()).0).min().unwrap();
                assert_eq!(days(coverage["first"].as_str().unwrap()).0, first, "{}", page.path);
                assert_eq!(json["meta"]["page"]["rows"], data.len());
            }
        }
        let array = client.get(&format!("{QUERY}&sort={sort}&shape=array")).await.expect(200).json();
        assert!(array == json!(expected), "{sort}");
        let lines = client.get(&format!("{QUERY}&sort={sort}&format=ndjson")).await.expect(200).ndjson();
        assert!(lines[..lines.len() - 1] == expected[..], "{sort}");
    }
    client.pages_add_up("/v1/production?measure=sales&source=caam&frequency=*&powertrain=*", 40).await;
}

#[tokio::test]
async fn a_page_can_be_as_small_as_one_row() {
    let client = Client::bundled().await;
    for query in ["/v1/charging?access=public&source=all", "/v1/charging?access=public"] {
        let all = client.rows(query).await;
        assert_eq!(client.rows(&format!("{query}&limit=1")).await, all);
        let exact = client.get(&format!("{query}&limit={}", all.len())).await.expect(200);
        assert_eq!((exact.data().len(), &exact.json()["meta"]["complete"]), (all.len(), &json!(true)));
        let short = client.get(&format!("{query}&limit={}", all.len() - 1)).await.expect(200);
        assert_eq!(short.json()["meta"]["complete"], false);
    }
    for limit in ["0", "10001", "-1", "x", "1.5"] {
        let wrong = client.get(&format!("/v1/production?limit={limit}")).await.expect(422);
        assert_eq!(wrong.faults(), [("limit".to_owned(), limit.to_owned())]);
    }
}

#[tokio::test]
async fn a_cursor_goes_with_its_own_query_only() {
    let client = Client::bundled().await;
    let first = client.get("/v1/production?limit=5").await.expect(200).json();
    let cursor = first["meta"]["page"]["next_cursor"].as_str().unwrap();
    for other in [
        "/v1/production?limit=5&start=2000",
        "/v1/production?sort=-value",
        "/v1/production?format=csv",
        "/v1/datasets/production/observations?limit=5",
        "/v1/charging?limit=5",
        "/v1/production/series?limit=5",
    ] {
        let and = if other.contains('?') { '&' } else { '?' };
        let wrong = client.get(&format!("{other}{and}cursor={cursor}")).await.expect(422);
        wrong.problem("invalid_parameter");
        assert_eq!(wrong.faults(), [("cursor".to_owned(), cursor.to_owned())], "{other}");
    }
    for whole in ["last=2", "shape=series", "shape=array", "shape=columns"] {
        let wrong = client.get(&format!("/v1/production?{whole}&cursor={cursor}&limit=7")).await.expect(422);
        let told = [("limit".to_owned(), "7".to_owned()), ("cursor".to_owned(), cursor.to_owned())];
        assert_eq!(wrong.faults(), told, "{whole}");
    }
    let longer = client.get(&format!("/v1/production?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!(longer.data().len(), 2, "the length of a page may change");
}

#[tokio::test]
async fn a_forged_cursor_is_refused_or_answers_nothing_it_should_not() {
    let client = Client::bundled().await;
    let first = client.get("/v1/production?limit=5").await.expect(200).json();
    let cursor = first["meta"]["page"]["next_cursor"].as_str().unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap();
    let inside: Value = serde_json::from_slice(&bytes).unwrap();
    let forged = |field: &str, value: Value| {
        let mut inside = inside.clone();
        inside[field] = value;
        URL_SAFE_NO_PAD.encode(inside.to_string())
    };
    let refused = [
        ("x".to_owned(), 422),
        (forged("v", json!(2)), 422),
        (forged("q", json!("other")), 422),
        (forged("k", json!(["only-one"])), 422),
        (forged("k", json!(["a", "b", "not a number"])), 422),
        (forged("k", json!(["a\u{0}", "b", "1"])), 422),
        (forged("p", json!({"r": 1, "w": 5})), 410),
        (forged("p", json!("x")), 422),
    ];
    for (cursor, status) in refused {
        let answer = client.get(&format!("/v1/production?limit=5&cursor={cursor}")).await.expect(status);
        answer.problem(if status == 410 { "cursor_gone" } else { "invalid_parameter" });
    }
    for (field, value) in [
        ("k", json!(["zzz", "best", "2000"])),
        ("k", json!([inside["k"][0], "no-such", "2000"])),
        ("k", json!([inside["k"][0], "best", "2147483647"])),
        ("k", json!([inside["k"][0], "best", "-2147483648"])),
        ("p", json!({"r": -5, "w": 0})),
        ("p", json!({"r": i32::MAX, "w": 0})),
    ] {
        let cursor = forged(field, value);
        let answer = client.get(&format!("/v1/production?limit=5&cursor={cursor}")).await.expect(200);
        assert!(answer.data().iter().all(|row| row["geo"] == "CN"), "{}", answer.text());
    }
}

#[tokio::test]
async fn later_pages_answer_as_the_first_did_whatever_is_taken_in_meanwhile() {
    for sort in ["series", "-value"] {
        let client = Client::bundled().await;
        let query = format!("{QUERY}&sort={sort}&limit=300");
        let before = client.rows(&query).await;
        let first = client.get(&query).await.expect(200);
        let corrected = production(|line| {
            // A document that prints another total for 2020 and leaves out 2021.
            if line.starts_with("production,oica,CN,_T,_T,_T,_T,_T,A,2021,") && line.contains(",ktt-2022-n3,")
            {
                return None;
            }
            Some(line.replace(",A,2020,25225242,A,ktt-2022-n3,", ",A,2020,25225999,A,ktt-2022-n3,"))
        });
        load(&client, "observations/production.csv", corrected).await;
        let next = first.json()["links"]["next"].as_str().unwrap().to_owned();
        let mut rows = first.data();
        rows.extend(client.rows(&next).await);
        assert!(rows == before, "{sort}: the pages are not of one state");
        let after = client.rows(&query).await;
        assert!(after != before);
        let of_2020 = "/v1/production?source=oica&start=2020&end=2021";
        assert_eq!(super::figures(&client.rows(of_2020).await)[0], ("2020", 25_225_999));
    }
}

#[tokio::test]
async fn pages_that_a_withdrawn_release_may_have_changed_say_how_to_begin_again() {
    let client = Client::bundled().await;
    let next = client.get(&format!("{QUERY}&limit=300")).await.expect(200).json()["links"]["next"].clone();
    let without = production(|line| (!line.contains(",ktt-2022-n3,")).then(|| line.to_owned()));
    load(&client, "observations/production.csv", without).await;
    let gone = client.get(next.as_str().unwrap()).await.expect(410);
    gone.problem("cursor_gone");
    let detail = gone.json()["detail"].as_str().unwrap().to_owned();
    let again = detail.split_once(": ").map(|(_, path)| path.to_owned()).unwrap();
    assert!(!again.contains("cursor=") && client.rows(&again).await.len() > 500, "{detail}");
    let oica = client.get("/v1/production?source=oica&start=2019&end=2019").await.expect(200).data();
    assert_eq!(super::figures(&oica), [("2019", 25_720_665)]);
}
