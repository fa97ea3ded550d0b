//! The same figures in every shape, format and language.

use serde_json::{Map, Value, json};

use crate::client::{Answer, Client};

/// Queries whose answers hold several series, notes, several sources.
const QUERIES: [&str; 3] = [
    "/v1/production?measure=sales,production&powertrain=*&frequency=*&start=2019",
    "/v1/charging?access=*&current=*&operator=*&source=all&frequency=*",
    "/v1/charging?geo=children:CN&access=public&operator=*&frequency=*&source=all",
];

const FIELDS: [&str; 10] =
    ["period", "value", "status", "source", "document", "note", "low_trust", "derived", "coverage", "reason"];

/// The figures of rows or points, without what names their series.
fn figure(row: &Value) -> Value {
    let several = row.get("documents").map(|_| "documents");
    let fields = FIELDS.into_iter().chain(several);
    fields.map(|field| (field.to_owned(), row[field].clone())).collect::<Map<_, _>>().into()
}

/// What a field of a row is in a column: several documents stand in one text.
fn in_column(row: &Value, field: &str) -> Value {
    match row["documents"].as_array() {
        Some(several) if field == "document" => {
            assert!(row["document"].is_null() && several.len() > 1, "{row}");
            several.iter().map(|id| id.as_str().unwrap()).collect::<Vec<_>>().join(";").into()
        }
        _ => row[field].clone(),
    }
}

/// What a field is in CSV.
fn cell(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned)
}

#[tokio::test]
async fn the_four_shapes_hold_the_same_figures() {
    let client = Client::bundled().await;
    for query in QUERIES {
        let rows = client.rows(&format!("{query}&limit=10000")).await;
        assert!(rows.len() > 10, "{query}");
        let array = client.get(&format!("{query}&shape=array")).await.expect(200).json();
        assert_eq!(array, json!(rows), "{query}");
        let series = client.get(&format!("{query}&shape=series")).await.expect(200);
        let columns = client.get(&format!("{query}&shape=columns")).await.expect(200);
        let (series, columns) = (series.data(), columns.data());
        let mut at = rows.iter();
        for (one, other) in series.iter().zip(&columns) {
            for field in ["id", "title", "codes", "frequency", "unit"] {
                assert_eq!(one[field], other[field], "{query}");
            }
            let points = one["observations"].as_array().unwrap();
            assert!(!points.is_empty());
            for (place, point) in points.iter().enumerate() {
                let row = at.next().expect("the rows hold what the series hold");
                assert_eq!(point, &figure(row), "{query}");
                for field in FIELDS {
                    assert_eq!(other[field][place], in_column(row, field), "{query} {field}");
                }
                for (dimension, code) in one["codes"].as_object().unwrap() {
                    assert!(&row[dimension] == code || (dimension == "source" && code == "best"), "{query}");
                }
            }
            assert!(FIELDS.iter().all(|f| other[*f].as_array().unwrap().len() == points.len()), "{query}");
        }
        assert!(at.next().is_none() && series.len() == columns.len(), "{query}");
    }
}

#[tokio::test]
async fn lines_and_tables_hold_what_the_rows_hold() {
    let client = Client::bundled().await;
    for query in QUERIES {
        let rows = client.rows(&format!("{query}&limit=10000")).await;
        let table = client.get_with(query, &[("accept", "text/csv")]).await.expect(200);
        assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
        assert_eq!((table.header("x-complete"), table.header("link").contains("next")), ("true", false));
        let cells = table.csv();
        assert_eq!(cells.len(), rows.len(), "{query}");
        for (cells, row) in cells.iter().zip(&rows) {
            let fields = row.as_object().unwrap().keys().filter(|field| *field != "documents");
            assert_eq!(cells.len(), fields.clone().count());
            for field in fields {
                assert_eq!(cells[field], cell(&in_column(row, field)), "{query} {field}");
            }
        }
        let first = table.text().lines().next().unwrap();
        assert!(
            first.starts_with("series,measure,source,geo,")
                && first.ends_with("low_trust,derived,coverage,reason")
        );
        let lines = client.get(&format!("{query}&format=ndjson")).await.expect(200);
        assert_eq!(lines.header("content-type"), "application/x-ndjson");
        let mut lines = lines.ndjson();
        let end = json!({"type": "end", "rows": rows.len(), "complete": true, "next": null});
        assert_eq!(lines.pop(), Some(end));
        assert_eq!(lines, rows, "{query}");
    }
    let empty = client.get("/v1/production?start=2150&format=csv").await.expect(200);
    assert_eq!(empty.text().lines().count(), 1, "the header stands alone");
}

/// Where the next page is by the header `Link`, in which no comma stands but between links.
fn next(page: &Answer) -> Option<String> {
    let link = page.header("link").split(", ").find(|link| link.ends_with("rel=\"next\""))?;
    Some(link.strip_prefix('<')?.split_once('>')?.0.to_owned())
}

/// Series and period of each row.
fn places<'a>(rows: impl IntoIterator<Item = &'a Value>) -> Vec<Value> {
    rows.into_iter().map(|row| json!([row["series"], row["period"]])).collect()
}

#[tokio::test]
async fn tables_and_lines_with_a_limit_come_in_pages_by_their_link() {
    let client = Client::bundled().await;
    let query = "/v1/production?measure=sales,production&powertrain=*&frequency=*";
    let rows = client.rows(query).await;
    for format in ["csv", "ndjson"] {
        let mut path = Some(format!("{query}&format={format}&limit=70"));
        let mut pages = Vec::new();
        while let Some(next_one) = path {
            let page = client.get(&next_one).await.expect(200);
            path = next(&page);
            assert_eq!(page.header("x-complete"), path.is_none().to_string());
            let found: Vec<Value> = if format == "csv" {
                page.csv().into_iter().map(|row| json!(row)).collect()
            } else {
                let mut lines = page.ndjson();
                let end = lines.pop().unwrap();
                assert_eq!((&end["next"], &end["complete"]), (&json!(path), &json!(path.is_none())));
                lines
            };
            pages.push(places(&found));
        }
        assert_eq!(pages, rows.chunks(70).map(places).collect::<Vec<_>>(), "{format}");
    }
}

#[tokio::test]
async fn names_and_titles_are_in_the_language_asked_for() {
    let client = Client::bundled().await;
    let query = "/v1/production?maker=byd&powertrain=NEV&measure=sales&source=company&shape=series";
    let chinese = client.get(&format!("{query}&lang=zh")).await.expect(200);
    let by_header =
        client.get_with(query, &[("accept-language", "zh-CN,zh;q=0.9,en;q=0.5")]).await.expect(200);
    assert_eq!(by_header.data(), chinese.data());
    for answer in [&chinese, &by_header] {
        assert_eq!(answer.header("content-language"), "zh");
        assert_eq!(answer.data()[0]["title"], "销量（批发），中国，比亚迪，新能源汽车；年度；企业自身公布");
        assert_eq!(answer.json()["meta"]["names"]["maker"], json!({"byd": "比亚迪"}));
    }
    let english = client.get_with(query, &[("accept-language", "de")]).await.expect(200);
    assert_eq!(english.header("content-language"), "en");
    let title = english.data()[0]["title"].as_str().unwrap().to_owned();
    assert!(
        title.starts_with("Sales (wholesale), China (mainland), BYD Company, New energy vehicles; annual; "),
        "{title}"
    );
    let named = client.get_with(&format!("{query}&lang=en"), &[("accept-language", "zh")]).await.expect(200);
    assert_eq!(named.data(), english.data(), "the parameter goes before the header");
}
