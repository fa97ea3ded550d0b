//! What README.md shows is what the service answers.
//!
//! A block ```` ```console ```` with the line `$ curl -s 'http://localhost:8080/…'` asks, with `--json '…'` behind it by a body; the block ```` ```json ```` behind it shows a
//! part of the answer. Fields, rows and elements may be left out, but what is shown is so, and in this order. A block ```` ```csv ````
//! shows lines of the answer. A line `$ url='…'` names an address that answers 304 to who has its answer. Addresses in ```` ```python ````
//! blocks answer.

use std::path::Path;

use china_auto::http::document;
use serde_json::Value;

use crate::client::Client;

const HERE: &str = "http://localhost:8080";

/// A fenced block: its language and its text.
type Block = (String, String);

fn readme() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    std::fs::read_to_string(path).expect("there is a README.md")
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(language) => {
                blocks.push((language.to_owned(), String::new()));
                open = true;
            }
            None if open => {
                let (_, text) = blocks.last_mut().expect("a block is open");
                text.push_str(line);
                text.push('\n');
            }
            None => {}
        }
    }
    blocks
}

/// What stands between `before` and `after` on the lines of a text that have both.
fn between<'a>(text: &'a str, before: &'a str, after: char) -> impl Iterator<Item = &'a str> {
    text.lines().filter_map(move |line| Some(line.split_once(before)?.1.split_once(after)?.0))
}

/// Where a part of an answer is not in it: the path to the first difference.
fn difference(shown: &Value, answered: &Value) -> Option<String> {
    match (shown, answered) {
        (Value::Object(shown), Value::Object(answered)) => shown.iter().find_map(|(key, value)| {
            let inner = difference(value, answered.get(key).unwrap_or(&Value::String("(none)".into())));
            inner.map(|path| format!(".{key}{path}"))
        }),
        (Value::Array(shown), Value::Array(answered)) => {
            let mut rest = answered.iter();
            let absent = |value: &&Value| !rest.any(|other| difference(value, other).is_none());
            shown.iter().find(absent).map(|value| format!("[{value}] is not in {answered:?}"))
        }
        _ => (shown != answered).then(|| format!(": {shown} is {answered}")),
    }
}

/// The body that a request is sent with, which may be of several lines.
fn body(request: &str) -> Option<Value> {
    let (body, _) = request.split_once("--json '")?.1.split_once('\'')?;
    Some(serde_json::from_str(body).unwrap_or_else(|error| panic!("{body}: {error}")))
}

async fn check(client: &Client, path: &str, body: Option<Value>, (language, shown): &Block) {
    let answer = match body {
        Some(body) => client.post(path, &body).await,
        None => client.get(path).await,
    };
    match language.as_str() {
        "json" => {
            let shown: Value = serde_json::from_str(shown).unwrap_or_else(|error| panic!("{path}: {error}"));
            let status = shown.get("status").map_or(200, |status| status.as_u64().expect("a number"));
            let answer = answer.expect(u16::try_from(status).expect("a status"));
            let difference = difference(&shown, &answer.json());
            assert!(difference.is_none(), "{path}: {}", difference.unwrap_or_default());
        }
        "csv" => {
            let answer = answer.expect(200);
            let mut lines = answer.text().lines();
            for line in shown.lines() {
                assert!(lines.any(|other| other == line), "{path} does not answer in this order: {line}");
            }
        }
        other => panic!("{path} is followed by a block of {other:?}, not by its answer"),
    }
}

#[tokio::test]
async fn every_request_of_the_readme_is_answered_as_it_shows() {
    let client = Client::bundled().await;
    let readme = readme();
    let blocks = blocks(&readme);
    let mut checked = 0;
    for (at, (language, text)) in blocks.iter().enumerate() {
        let asked = format!("$ curl -s '{HERE}");
        for path in between(text, &asked, '\'').filter(|_| language == "console") {
            check(&client, path, body(text), blocks.get(at + 1).expect("an answer follows")).await;
            checked += 1;
        }
        for path in between(text, &format!("$ url='{HERE}"), '\'') {
            client.revalidates(path).await;
            checked += 1;
        }
        for path in between(text, &format!("\"{HERE}"), '"').filter(|_| language == "python") {
            client.get(path).await.expect(200);
            checked += 1;
        }
    }
    assert!(checked >= 15, "only {checked} requests were found");
}

#[tokio::test]
async fn the_first_start_prints_what_the_readme_shows() {
    let client = Client::bundled().await;
    let (rows, releases): (i64, i64) = sqlx::query_as("SELECT sum(row_count), count(*) FROM release")
        .fetch_one(&client.app.pool)
        .await
        .unwrap();
    let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations")
        .fetch_one(&client.app.pool)
        .await
        .unwrap();
    let readme = readme();
    for line in [
        format!("data       {rows} rows loaded in {releases} releases"),
        format!("migrations {applied} applied"),
    ] {
        assert!(readme.lines().any(|shown| shown == line), "README.md does not show: {line}");
    }
}

#[test]
fn every_path_is_in_the_table_of_endpoints() {
    let readme = readme();
    let document = document::document();
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(readme.contains(&format!("`{path}`")), "{path} is missing in README.md");
    }
}

#[test]
fn a_part_is_told_from_what_is_not_in_an_answer() {
    let answered = serde_json::json!({"data": [{"a": 1, "b": null}, {"a": 2}], "more": true});
    let shown = |text: &str| difference(&serde_json::from_str(text).unwrap(), &answered);
    assert_eq!(shown(r#"{"data": [{"a": 1}, {"a": 2}]}"#), None);
    assert_eq!(shown(r#"{"data": [{"b": null}]}"#), None);
    assert!(shown(r#"{"data": [{"a": 2}, {"a": 1}]}"#).is_some());
    assert!(shown(r#"{"data": [{"a": 3}]}"#).is_some());
    assert!(shown(r#"{"data": [{"c": null}]}"#).is_some());
}
