//! A typed client of the service as it stands in a test: its own database, a fixed clock, no socket between.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request};
use axum::{Router, body};
use bytes::Bytes;
use china_auto::app::App;
use china_auto::http;
use china_auto::spreadsheet::guarded;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::cluster::{self, TestDatabase};

/// The service with a database of its own.
pub struct Client {
    /// The database, to write past the service.
    pub database: TestDatabase,
    /// What the handlers reach.
    pub app: App,
    router: Router,
}

/// What the service answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The path that was asked for, to be told when a test fails.
    pub path: String,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as sent.
    pub body: Bytes,
}

impl Client {
    /// The service with all bundled data.
    pub async fn bundled() -> Self {
        Self::of(cluster::database().await).await
    }

    /// The service with the schema and no data.
    pub async fn empty() -> Self {
        Self::of(cluster::migrated().await).await
    }

    /// The service over a database that a test made itself.
    pub async fn of(database: TestDatabase) -> Self {
        Self::with_connections(database, 4).await
    }

    /// The same with so many connections for reading.
    pub async fn with_connections(database: TestDatabase, connections: u32) -> Self {
        let pool = database.database.readers(connections).await.expect("the database answers");
        let app = App::new(pool, cluster::clock());
        app.set_ready(true);
        Self { database, router: http::router(app.clone()), app }
    }

    /// The same service with other settings, started anew.
    pub fn tuned(mut self, tune: impl FnOnce(&mut App)) -> Self {
        tune(&mut self.app);
        self.router = http::router(self.app.clone());
        self
    }

    /// Asks for a path, which may hold any characters.
    pub async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    /// Asks for a path with headers.
    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, path, headers).await
    }

    /// Sends a request without a body.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send_body((method, path), headers, Body::empty()).await
    }

    /// Sends a body of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(path, &[], body).await
    }

    /// Sends a body of JSON with headers.
    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let headers: Vec<(&str, &str)> = [&[("content-type", "application/json")], headers].concat();
        self.send_body((Method::POST, path), &headers, body.to_string().into()).await
    }

    /// Sends a request with any body.
    pub async fn send_body(&self, to: (Method, &str), headers: &[(&str, &str)], body: Body) -> Answer {
        let (method, path) = to;
        let mut request = Request::builder().method(method).uri(encoded(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).expect("the request is right");
        let response = self.router.clone().oneshot(request).await.expect("the service never fails");
        let (parts, body) = response.into_parts();
        let body = body::to_bytes(body, usize::MAX).await.expect("the body arrives");
        Answer { path: path.to_owned(), status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// Every page from this one on.
    pub async fn pages(&self, path: &str) -> Vec<Answer> {
        let mut pages = vec![self.get(path).await.expect(200)];
        while let Some(next) =
            pages.last().and_then(|page| page.json()["links"]["next"].as_str().map(str::to_owned))
        {
            pages.push(self.get(&next).await.expect(200));
            assert!(pages.len() < 1000, "{path} never ends");
        }
        pages
    }

    /// The rows of every page from this one on.
    pub async fn rows(&self, path: &str) -> Vec<Value> {
        self.pages(path).await.iter().flat_map(Answer::data).collect()
    }

    /// Reads a list page by page and at once: both must hold the same rows, and say truly whether more follow.
    pub async fn pages_add_up(&self, path: &str, limit: usize) {
        let and = if path.contains('?') { '&' } else { '?' };
        let whole = self.rows(&format!("{path}{and}limit=1000")).await;
        let pages = self.pages(&format!("{path}{and}limit={limit}")).await;
        assert_eq!(pages.iter().flat_map(Answer::data).collect::<Vec<_>>(), whole, "{path}");
        assert!(pages.len() > 1, "{path} is one page");
        for (at, page) in pages.iter().enumerate() {
            let (json, last) = (page.json(), at + 1 == pages.len());
            assert_eq!(json["meta"]["complete"], last, "{}", page.path);
            assert!(at == 0 || json["links"]["self"] == page.path.as_str(), "{}", page.path);
            assert_eq!(json["meta"]["page"]["next_cursor"].is_null(), last, "{}", page.path);
            assert_eq!(json["meta"]["page"]["rows"], page.data().len(), "{}", page.path);
            assert_eq!(page.header("x-complete"), if last { "true" } else { "false" }, "{}", page.path);
            assert_eq!(page.header("link").contains("rel=\"next\""), !last, "{}", page.path);
        }
        let cursor =
            pages[0].json()["meta"]["page"]["next_cursor"].as_str().expect("more follows").to_owned();
        let other = self.get(&format!("{path}{and}document=none&cursor={cursor}")).await.expect(422);
        assert!(other.faults().contains(&("cursor".to_owned(), cursor)), "{}", other.text());
    }

    /// Reads a list or a record in each format: all must hold the same.
    pub async fn formats_agree(&self, path: &str) {
        let json = self.get_with(path, &[("accept", "application/json")]).await.expect(200);
        let data = match &json.json()["data"] {
            Value::Array(rows) => rows.clone(),
            record => vec![record.clone()],
        };
        assert!(!data.is_empty(), "{path} is empty");
        let csv = self.get_with(path, &[("accept", "text/csv")]).await.expect(200);
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
        let columns: Vec<&String> = data[0].as_object().expect("rows are objects").keys().collect();
        let rows = csv.csv();
        assert_eq!(rows.len(), data.len(), "{path}");
        for (row, record) in rows.iter().zip(&data) {
            assert_eq!(row.len(), columns.len(), "{path}");
            for column in &columns {
                let expected = guarded(&cell(&record[column.as_str()])).into_owned();
                assert_eq!(row[column.as_str()], expected, "{path} {column}");
            }
        }
        let lines = self.get_with(path, &[("accept", "application/x-ndjson")]).await.expect(200);
        let mut lines = lines.ndjson();
        let end = lines.pop().expect("a last line");
        assert_eq!((&end["type"], &end["rows"]), (&"end".into(), &data.len().into()), "{path}");
        assert_eq!(lines, data, "{path}");
        self.get_with(path, &[("accept", "image/png")]).await.expect(406).problem("not_acceptable");
    }

    /// Asks again for what it has: the answer must be 304, and another format another answer.
    pub async fn revalidates(&self, path: &str) {
        let first = self.get(path).await.expect(200);
        let (tag, modified) = (first.header("etag"), first.header("last-modified"));
        for known in [("if-none-match", tag), ("if-modified-since", modified)] {
            let again = self.get_with(path, &[known]).await.expect(304);
            assert!(again.body.is_empty(), "{path}");
            assert_eq!(again.header("etag"), tag, "{path}");
        }
        let csv = self.get_with(path, &[("accept", "text/csv"), ("if-none-match", tag)]).await;
        assert_eq!(csv.status, 200, "{path}");
        assert_ne!(csv.header("etag"), tag, "{path}");
    }
}

impl Answer {
    /// The answer, where it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.path, self.text());
        self
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is UTF-8")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.path, self.text()))
    }

    /// The rows of a list.
    pub fn data(&self) -> Vec<Value> {
        self.json()["data"].as_array().unwrap_or_else(|| panic!("{} is no list", self.path)).clone()
    }

    /// The rows of a CSV body by column.
    pub fn csv(&self) -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_reader(self.body.as_ref());
        reader.deserialize().map(|row| row.expect("the rows have the columns of the header")).collect()
    }

    /// The lines of an NDJSON body.
    pub fn ndjson(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    /// A header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("it is ASCII"))
    }

    /// The words of the warnings.
    pub fn warnings(&self) -> Vec<String> {
        let json = self.json();
        let all = json["warnings"].as_array().into_iter().flatten();
        all.map(|warning| warning["code"].as_str().expect("a warning has a word").to_owned()).collect()
    }

    /// Checks that this is a problem of this kind, with all that every problem has.
    #[track_caller]
    pub fn problem(&self, code: &str) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.path);
        let json = self.json();
        assert_eq!(json["code"], code, "{}: {}", self.path, self.text());
        assert_eq!(json["status"], self.status, "{}", self.path);
        assert_eq!(json["type"], format!("/problems#{code}"), "{}", self.path);
        assert_eq!(json["request_id"], self.header("x-request-id"), "{}", self.path);
        assert!(
            json["title"].is_string() && json["detail"].is_string() && json["errors"].is_array(),
            "{json}"
        );
    }

    /// Parameter and value of each fault of a problem.
    pub fn faults(&self) -> Vec<(String, String)> {
        let json = self.json();
        let text = |value: &Value| value.as_str().expect("it is a text").to_owned();
        let all = json["errors"].as_array().unwrap_or_else(|| panic!("{} is no problem", self.path));
        all.iter().map(|fault| (text(&fault["parameter"]), text(&fault["value"]))).collect()
    }
}

/// What a field is in CSV.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            items.iter().map(cell).collect::<Vec<_>>().join(";")
        }
        other => other.to_string(),
    }
}

/// Writes what a path cannot hold as it stands.
fn encoded(path: &str) -> String {
    path.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("a text takes all");
        }
        text
    })
}
