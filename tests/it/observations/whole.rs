//! Every row of the files, read back through the API and compared with what the files themselves say.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::parts::with_sums;
use super::published::{DATASETS, Print, Published, Table, figures, groups, published};
use crate::client::{Answer, Client};

/// Value, status, documents, note and coverage of each figure, by series and period; only a derived one has coverage.
type Cells = BTreeMap<(String, String), Value>;

/// A query for everything that a dataset has.
pub fn everything(dataset: &str) -> String {
    let (_, dimensions) = DATASETS.iter().find(|(name, _)| *name == dataset).expect("it is known");
    let open = dimensions.iter().filter(|name| **name != "source").map(|name| format!("{name}=*&"));
    format!("/v1/datasets/{dataset}/observations?{}frequency=*", open.collect::<String>())
}

fn text(row: &Value, field: &str) -> String {
    row[field].as_str().unwrap_or_else(|| panic!("{field} of {row}")).to_owned()
}

fn note(note: &str) -> Value {
    if note.is_empty() { Value::Null } else { note.into() }
}

fn cell(print: &Print) -> Value {
    let parts = (print.parts > 0).then(|| format!("{0}/{0}", print.parts));
    json!([print.value, print.status, print.document, note(&print.note), parts])
}

/// The documents of a figure as served, in alphabetical order.
fn documents(row: &Value) -> String {
    let Some(several) = row["documents"].as_array() else { return text(row, "document") };
    assert!(several.len() > 1 && row["document"].is_null(), "{row}");
    let mut several: Vec<&str> = several.iter().map(|id| id.as_str().expect("it is an id")).collect();
    several.sort_unstable();
    several.join(";")
}

/// The cells of rows as served, each found once, its codes those of its key.
fn served(rows: &[Value]) -> Cells {
    let mut cells = Cells::new();
    for row in rows {
        let key = text(row, "series");
        let codes =
            DATASETS.iter().find(|(name, _)| key.starts_with(&format!("{name}:"))).expect("it is known");
        let codes: Vec<String> = codes.1.iter().map(|dimension| text(row, dimension)).collect();
        assert!(key.ends_with(&format!(":{}.{}", text(row, "frequency"), codes.join("."))), "{row}");
        assert_eq!(row["derived"], row["coverage"].is_string(), "{row}");
        let figure = json!([row["value"], row["status"], documents(row), row["note"], row["coverage"]]);
        let earlier = cells.insert((key, text(row, "period")), figure);
        assert!(earlier.is_none(), "{row} stands twice");
    }
    cells
}

/// What a source publishes, and the sums of its parts in the cells that it does not publish.
fn expected(published: &Published, dataset: &str, as_of: Option<NaiveDate>) -> Cells {
    let all = with_sums(published, as_of);
    let series = all.iter().filter(|(_, series)| series.dataset == dataset);
    let cells = series.flat_map(|(key, series)| {
        let held = series.holding(None).into_iter();
        held.map(move |(period, print)| ((key.clone(), period.to_owned()), cell(&print)))
    });
    cells.collect()
}

/// Says where two sets of cells differ; all of them would fill the screen.
fn same(found: &Cells, expected: &Cells, what: &str) {
    for (place, figure) in expected {
        assert_eq!(found.get(place), Some(figure), "{what} {place:?}");
    }
    assert!(found.len() == expected.len(), "{what}: {} figures too many", found.len() - expected.len());
}

#[tokio::test]
async fn every_figure_that_holds_is_served_and_nothing_else() {
    let (client, published) = (Client::bundled().await, published());
    let mut total = 0;
    for (dataset, _) in DATASETS {
        let rows = client.rows(&format!("{}&source=all&limit=4000", everything(dataset))).await;
        same(&served(&rows), &expected(&published, dataset, None), dataset);
        let whole =
            client.get(&format!("{}&source=all&format=ndjson", everything(dataset))).await.expect(200);
        let mut lines = whole.ndjson();
        let end = lines.pop().unwrap();
        assert_eq!((end["rows"].as_u64(), &end["complete"]), (u64::try_from(rows.len()).ok(), &true.into()));
        assert!(lines == rows, "{dataset}: the lines differ from the pages");
        total += rows.len();
    }
    assert!(total > 12_000, "{total}");
}

#[tokio::test]
async fn every_row_of_the_files_is_found_in_the_vintages_of_its_series() {
    let (client, published) = (Client::bundled().await, published());
    let mut rows = 0;
    for (key, series) in &published {
        let mut expected = Vec::new();
        for (period, cell) in &series.cells {
            let figures = figures(cell);
            rows += cell.iter().filter(|print| print.value.is_some()).count();
            for (at, figure) in figures.iter().enumerate() {
                expected.push(json!({
                    "period": period,
                    "kind": if figure.first.value.is_some() { "stated" } else { "withdrawn" },
                    "value": figure.first.value,
                    "status": figure.first.status,
                    "current": figure.first.value.is_some() && at + 1 == figures.len(),
                    "document": figure.first.document,
                    "published": figure.first.published,
                    "known_since": figure.since(),
                    "restated_by": figure.restated.iter().map(printed).collect::<Vec<_>>(),
                    "confirmed_by": figure.confirmed.iter().map(printed).collect::<Vec<_>>(),
                    "note": note(&figure.first.note),
                }));
            }
        }
        let answer = client.get(&format!("/v1/series/{key}/vintages?limit=10000")).await.expect(200);
        let found = answer.data().into_iter().map(|mut vintage| {
            let release = vintage.as_object_mut().unwrap().remove("release");
            assert!(release.is_some_and(|release| release.is_i64()), "{key}");
            vintage
        });
        assert_eq!(found.collect::<Vec<_>>(), expected, "{key}");
    }
    assert_eq!((published.len(), rows), (1527, 19_003));
}

fn printed(print: &Print) -> Value {
    json!({
        "document": print.document,
        "published": print.published,
        "value": print.value,
        "status": print.status,
        "note": note(&print.note),
    })
}

#[tokio::test]
async fn the_best_source_is_the_one_that_the_table_says_for_every_figure() {
    let (client, published, table) = (Client::bundled().await, published(), Table::read());
    for as_of in [None, Some("2022-06-30")] {
        let held = with_sums(&published, as_of.map(|day| day.parse().unwrap()));
        for (dataset, _) in DATASETS {
            let mut expected = Cells::new();
            for group in groups(&held).values().filter(|g| g.values().any(|s| s.dataset == dataset)) {
                for (period, (source, print, low)) in table.best(group, None) {
                    let figure = json!([cell(&print), low]);
                    expected.insert((group[source.as_str()].key(None), period), figure);
                }
            }
            let at = as_of.map(|day| format!("&as_of={day}")).unwrap_or_default();
            let rows = client.rows(&format!("{}&limit=10000{at}", everything(dataset))).await;
            let mut found = served(&rows);
            for row in &rows {
                let figure = found.get_mut(&(text(row, "series"), text(row, "period"))).unwrap();
                *figure = json!([figure.take(), row["low_trust"]]);
            }
            same(&found, &expected, &format!("{dataset} {as_of:?}"));
        }
    }
}

#[tokio::test]
async fn the_past_shows_what_documents_proved_by_then() {
    let (client, published) = (Client::bundled().await, published());
    let mut before = 0;
    for (as_of, day) in [
        ("2019", "2019-12-31"),
        ("2021-12-31", "2021-12-31"),
        ("2025-04-06", "2025-04-06"),
        ("2026-11-24", "2026-11-24"),
    ] {
        let day: NaiveDate = day.parse().unwrap();
        let (mut total, mut late) = (0, 0);
        for (dataset, _) in DATASETS {
            let query = format!("{}&source=all&as_of={as_of}", everything(dataset));
            let pages = client.pages(&format!("{query}&limit=3000")).await;
            let rows: Vec<Value> = pages.iter().flat_map(Answer::data).collect();
            same(&served(&rows), &expected(&published, dataset, Some(day)), as_of);
            let told = |page: &Answer| page.json()["meta"]["coverage"]["late"].as_u64().unwrap();
            let counted: usize =
                published.values().filter(|s| s.dataset == dataset).map(|series| series.late(day)).sum();
            assert_eq!(pages.iter().map(told).sum::<u64>(), u64::try_from(counted).unwrap(), "{query}");
            for page in &pages {
                let warned = page.warnings().contains(&"vintage_incomplete".to_owned());
                assert_eq!(warned, told(page) > 0, "{}", page.path);
                assert_eq!(page.json()["meta"]["as_of"], as_of);
            }
            (total, late) = (total + rows.len(), late + counted);
        }
        assert!(total > before && late > 0, "{as_of}: {total} figures, {late} late");
        before = total;
    }
}
