//! Finding out what there is: what a partial selection leaves, and what a word leads to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::client::Client;
use crate::files::{Row, rows};

/// The dimensions of the keys of a dataset, and the frequency.
fn axes(dataset: &str) -> Vec<&'static str> {
    let own: &[&str] = match dataset {
        "production" => &["maker", "brand", "model", "vehicle_class", "powertrain"],
        _ => &["operator", "access", "current"],
    };
    [&["measure", "source", "geo"], own, &["frequency"]].concat()
}

/// The figures that hold by the files: those that the last edition of their source, measure and frequency still lists, or a document
/// that is younger.
fn figures(dataset: &str) -> Vec<Row> {
    let documents: BTreeMap<String, Row> =
        rows("documents.csv").into_iter().map(|row| (row["document_id"].clone(), row)).collect();
    let scope = |row: &Row| ["source", "measure", "frequency"].map(|column| row[column].clone());
    let all = rows(&format!("observations/{dataset}.csv"));
    let mut editions: BTreeMap<[String; 3], &str> = BTreeMap::new();
    for row in &all {
        let document = &documents[&row["document_id"]];
        if document["coverage"] == "edition" {
            let last = editions.entry(scope(row)).or_default();
            *last = document["published"].as_str().max(last);
        }
    }
    let holds = |row: &Row| {
        editions
            .get(&scope(row))
            .is_none_or(|last| documents[&row["document_id"]]["published"].as_str() >= *last)
    };
    let key = |row: &Row| -> Vec<String> {
        axes(dataset).into_iter().chain(["period"]).map(|column| row[column].clone()).collect()
    };
    let mut seen = BTreeSet::new();
    all.iter().filter(|row| holds(row) && seen.insert(key(row))).cloned().collect()
}

/// The months of a period, to find the earliest and the latest.
fn months(period: &str) -> (i32, i32) {
    let year: i32 = period[..4].parse().unwrap();
    match &period[4..] {
        "" => (year * 12, year * 12 + 11),
        quarter if quarter.starts_with("-Q") => {
            let first = year * 12 + (quarter[2..].parse::<i32>().unwrap() - 1) * 3;
            (first, first + 2)
        }
        month => {
            let month = year * 12 + month[1..].parse::<i32>().unwrap() - 1;
            (month, month)
        }
    }
}

/// Series, observations, first and last period of some figures.
fn counted(dataset: &str, figures: &[&Row]) -> Value {
    let series: BTreeSet<Vec<&str>> =
        figures.iter().map(|row| axes(dataset).iter().map(|axis| row[*axis].as_str()).collect()).collect();
    let periods = figures.iter().map(|row| row["period"].as_str());
    let first = periods.clone().min_by_key(|period| months(period));
    let last = periods.max_by_key(|period| (months(period).1, months(period).0));
    json!({"series": series.len(), "observations": figures.len(), "first": first, "last": last})
}

fn counts(of: &Value) -> Value {
    json!({"series": of["series"], "observations": of["observations"], "first": of["first"], "last": of["last"]})
}

#[tokio::test]
async fn what_is_left_is_what_the_files_have() {
    let client = Client::bundled().await;
    let selections: [(&str, &[(&str, &str)]); 6] = [
        ("production", &[]),
        ("production", &[("maker", "byd")]),
        ("production", &[("measure", "sales"), ("powertrain", "BEV,PHEV"), ("frequency", "M")]),
        ("production", &[("source", "iea,caam"), ("geo", "CN"), ("frequency", "A,M")]),
        ("charging", &[("access", "public"), ("measure", "outlets")]),
        ("charging", &[("operator", "teld"), ("current", "DC"), ("frequency", "M"), ("source", "evcipa")]),
    ];
    for (dataset, selection) in selections {
        let query: Vec<String> = selection.iter().map(|(name, codes)| format!("{name}={codes}")).collect();
        let data =
            client.get(&format!("/v1/{dataset}/availability?{}", query.join("&"))).await.expect(200).json();
        let figures = figures(dataset);
        let kept = |row: &Row, but: &str| {
            let mut others = selection.iter().filter(|(name, _)| *name != but);
            others.all(|(name, codes)| codes.split(',').any(|code| row[*name] == code))
        };
        let all: Vec<&Row> = figures.iter().filter(|row| kept(row, "")).collect();
        assert_eq!(counts(&data["data"]), counted(dataset, &all), "{query:?}");
        let lists = data["data"]["dimensions"].as_array().unwrap();
        assert_eq!(
            lists.iter().map(|list| list["dimension"].as_str().unwrap()).collect::<Vec<_>>(),
            axes(dataset)
        );
        for list in lists {
            let axis = list["dimension"].as_str().unwrap();
            let named = selection.iter().find(|(name, _)| *name == axis).map(|(_, codes)| *codes);
            assert_eq!(list["narrowed"], named.is_some(), "{query:?} {axis}");
            let mut expected: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
            for row in figures.iter().filter(|row| kept(row, axis)) {
                expected.entry(row[axis].as_str()).or_default().push(row);
            }
            for code in named.iter().flat_map(|codes| codes.split(',')) {
                expected.entry(code).or_default();
            }
            let codes = list["codes"].as_array().unwrap();
            let found: BTreeSet<&str> = codes.iter().map(|code| code["code"].as_str().unwrap()).collect();
            assert_eq!(found, expected.keys().copied().collect(), "{query:?} {axis}");
            assert_eq!(found.len(), codes.len(), "{query:?} {axis}");
            for code in codes {
                let name = code["code"].as_str().unwrap();
                assert_eq!(counts(code), counted(dataset, &expected[name]), "{query:?} {axis} {name}");
                let selected = named.is_some_and(|codes| codes.split(',').any(|code| code == name));
                assert_eq!(code["selected"], selected, "{query:?} {axis} {name}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_chosen_from_a_pick_list_is_what_the_list_of_series_has() {
    let client = Client::bundled().await;
    let start = "/v1/datasets/production/availability?measure=sales&geo=CN&frequency=M";
    let data = client.get(start).await.expect(200).json()["data"].clone();
    let makers =
        data["dimensions"].as_array().unwrap().iter().find(|list| list["dimension"] == "maker").unwrap();
    for code in makers["codes"].as_array().unwrap().iter().step_by(9) {
        let maker = code["code"].as_str().unwrap();
        let chosen = client.get(&format!("{start}&maker={maker}")).await.expect(200).json()["data"].clone();
        assert_eq!(counts(&chosen), counts(code), "{maker}");
        let series = client
            .rows(&format!(
                "/v1/production/series?measure=sales&geo=CN&frequency=M&maker={maker}&limit=10000"
            ))
            .await;
        assert_eq!(code["series"], series.len(), "{maker}");
        let sum: i64 = series.iter().map(|series| series["observations"].as_i64().unwrap()).sum();
        assert_eq!(code["observations"], sum, "{maker}");
    }
}

#[tokio::test]
async fn a_choice_that_leaves_nothing_stays_in_its_list() {
    let client = Client::bundled().await;
    let answer = client.get("/v1/production/availability?maker=byd&measure=stock&lang=zh").await.expect(200);
    assert_eq!(answer.warnings(), ["no_data"]);
    let data = answer.json()["data"].clone();
    assert_eq!(counts(&data), json!({"series": 0, "observations": 0, "first": null, "last": null}));
    let of = |dimension: &str| {
        let list = data["dimensions"].as_array().unwrap().iter().find(|list| list["dimension"] == dimension);
        list.unwrap()["codes"].as_array().unwrap().clone()
    };
    let byd = of("maker").into_iter().find(|code| code["code"] == "byd").unwrap();
    let expected = json!({
        "dimension": "maker", "code": "byd", "parent": "_T", "name": "比亚迪", "name_en": "BYD Company", "name_zh": "比亚迪",
        "selected": true, "series": 0, "observations": 0, "first": null, "last": null,
    });
    assert_eq!(byd, expected);
    let sales = of("measure").into_iter().find(|code| code["code"] == "sales").unwrap();
    assert_eq!(sales["selected"], false);
    assert!(sales["series"].as_i64().unwrap() > 0);
    assert!(of("powertrain").is_empty() && of("frequency").is_empty());
    let none = Client::empty().await;
    none.get("/v1/production/availability").await.expect(404).problem("not_found");
}

#[tokio::test]
async fn availability_comes_as_rows_too_and_is_revalidated() {
    let client = Client::bundled().await;
    let path = "/v1/charging/availability?access=public&lang=zh";
    let json = client.get(path).await.expect(200).json();
    let lists = json["data"]["dimensions"].as_array().unwrap();
    let codes: Vec<&Value> = lists.iter().flat_map(|list| list["codes"].as_array().unwrap()).collect();
    let csv = client.get(&format!("{path}&format=csv")).await.expect(200);
    assert_eq!(csv.header("x-complete"), "true");
    let lines = csv.csv();
    assert_eq!(lines.len(), codes.len());
    for (line, code) in lines.iter().zip(&codes) {
        assert_eq!((&line["dimension"], &line["code"]), (&text(&code["dimension"]), &text(&code["code"])));
        assert_eq!((&line["name"], &line["series"]), (&text(&code["name"]), &code["series"].to_string()));
    }
    let mut lines = client.get(&format!("{path}&format=ndjson")).await.expect(200).ndjson();
    let end = json!({"type": "end", "rows": codes.len(), "complete": true, "next": null});
    assert_eq!(lines.pop().unwrap(), end);
    assert!(lines.iter().eq(codes));
    client.revalidates(path).await;
}

#[tokio::test]
async fn a_wrong_selection_is_told_whole() {
    let client = Client::bundled().await;
    let wrong = "/v1/production/availability?maker=bydd&operator=teld&frequency=W&start=2020&limit=5";
    let answer = client.get(wrong).await.expect(422);
    answer.problem("invalid_parameter");
    let faults: Vec<String> = answer.faults().into_iter().map(|(parameter, _)| parameter).collect();
    assert_eq!(faults, ["maker", "frequency", "operator", "start", "limit"]);
    client.get("/v1/datasets/sales/availability").await.expect(404).problem("not_found");
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Kind, match and id of each hit.
fn hits(answer: &Value) -> Vec<(String, String, String)> {
    let all = answer["data"].as_array().unwrap().iter();
    all.map(|hit| (text(&hit["kind"]), text(&hit["match"]), text(&hit["id"]))).collect()
}

fn has(answer: &Value, kind: &str, how: &str, id: &str) -> bool {
    hits(answer).contains(&(kind.to_owned(), how.to_owned(), id.to_owned()))
}

#[tokio::test]
async fn every_code_and_record_is_found_by_its_id_and_by_its_names() {
    let client = Client::bundled().await;
    let mut all = Vec::new();
    for (file, kind, id) in [
        ("codes/maker.csv", "code", "code"),
        ("codes/geo.csv", "code", "code"),
        ("sources.csv", "source", "source"),
        ("partnerships/organizations.csv", "organization", "org_id"),
        ("subsidies/instruments.csv", "instrument", "instrument_id"),
        ("partnerships/partnerships.csv", "partnership", "partnership_id"),
        ("partnerships/events.csv", "event", "event_id"),
    ] {
        for row in rows(file).into_iter().filter(|row| row[id] != "_T").step_by(13) {
            let names = ["name_en", "name_zh", "name", "title"];
            let names = names.iter().filter_map(|name| row.get(*name)).filter(|name| !name.is_empty());
            all.extend(names.map(|name| (kind, row[id].clone(), name.clone(), "name")));
            all.push((kind, row[id].clone(), row[id].clone(), "id"));
        }
    }
    assert!(all.len() > 100);
    for (kind, id, name, how) in all {
        let q = name.replace('&', "%26").replace('+', "%2B").replace('#', "%23").replace('%', "%25");
        let q = q.replace("%25", "%");
        let answer = client.get(&format!("/v1/search?q={q}&kind={kind}&limit=100")).await.expect(200).json();
        let found = hits(&answer).into_iter().find(|hit| hit.2 == id);
        let found = found.unwrap_or_else(|| panic!("{kind} {id} is not found by {name}"));
        assert!(found.1 == how || found.1 == "id", "{kind} {id} by {name}: {}", found.1);
    }
}

#[tokio::test]
async fn every_link_of_a_hit_leads_somewhere() {
    let client = Client::bundled().await;
    for q in [
        "byd",
        "特斯拉",
        "上海",
        "teld",
        "purchase tax",
        "jetta",
        "oica",
        "volkswagen",
        "BEV registrations monthly",
    ] {
        let answer = client.get(&format!("/v1/search?q={q}&limit=40")).await.expect(200).json();
        let found = answer["data"].as_array().unwrap();
        assert!(!found.is_empty(), "{q}");
        for hit in found {
            client.get(hit["link"].as_str().unwrap()).await.expect(200);
            let Some(figures) = hit["figures"].as_str() else { continue };
            let rows = client.get(figures).await.expect(200).data();
            assert!(!rows.is_empty(), "{q}: {figures}");
        }
    }
}

#[tokio::test]
async fn two_chinese_characters_find_what_begins_with_them() {
    let client = Client::bundled().await;
    let answer = client.get("/v1/search?q=比亚&lang=zh&limit=100").await.expect(200).json();
    assert!(has(&answer, "code", "prefix", "byd") && has(&answer, "organization", "prefix", "byd"));
    assert_eq!(answer["data"][0]["name"], "比亚迪");
    let answer = client.get("/v1/search?q=大众&limit=100").await.expect(200).json();
    assert!(has(&answer, "organization", "words", "faw-volkswagen"), "{:?}", hits(&answer));
    let answer = client.get("/v1/search?q=上海&kind=event&limit=100").await.expect(200).json();
    assert!(has(&answer, "event", "related", "1984-shanghai-vw-contract"), "{:?}", hits(&answer));
}

#[tokio::test]
async fn a_slip_of_the_pen_is_forgiven_where_nothing_is_written_so() {
    let client = Client::bundled().await;
    for (wrong, kind, id) in [
        ("volkswagon", "code", "faw-volkswagen"),
        ("teslla", "organization", "tesla"),
        ("比亚笛", "code", "byd"),
        ("graet wall", "code", "great-wall-motor"),
    ] {
        let answer = client.get(&format!("/v1/search?q={wrong}&limit=100")).await.expect(200).json();
        assert!(has(&answer, kind, "similar", id), "{wrong}: {:?}", hits(&answer));
    }
    let right = client.get("/v1/search?q=tesla&limit=100").await.expect(200).json();
    assert!(hits(&right).iter().all(|(_, how, _)| how != "similar"));
}

#[tokio::test]
async fn names_put_together_find_the_series_that_have_all_their_codes() {
    let client = Client::bundled().await;
    for q in ["BYD BEV sales monthly", "比亚迪纯电动汽车月度销量"] {
        let answer = client.get(&format!("/v1/search?q={q}&kind=series&limit=100")).await.expect(200).json();
        let mut found: Vec<String> = hits(&answer).into_iter().map(|(_, _, id)| id).collect();
        let path = "/v1/production/series?measure=sales&maker=byd&powertrain=BEV&frequency=M&limit=10000";
        let listed = client.rows(path).await;
        let mut listed: Vec<String> = listed.iter().map(|series| text(&series["id"])).collect();
        found.sort();
        listed.sort();
        assert_eq!(found, listed, "{q}");
        assert_eq!(answer["meta"]["counts"]["series"], listed.len());
    }
    let among = client.get("/v1/search?q=byd").await.expect(200);
    assert_eq!(hits(&among.json()).iter().filter(|(kind, ..)| kind == "series").count(), 5);
    assert_eq!(among.warnings(), ["more_series"]);
}

#[tokio::test]
async fn kinds_are_counted_whatever_is_asked_for() {
    let client = Client::bundled().await;
    let all = client.get("/v1/search?q=tesla&limit=100").await.expect(200).json();
    let counts = all["meta"]["counts"].clone();
    for kind in ["code", "source", "organization", "series", "instrument", "partnership", "event"] {
        let path = format!("/v1/search?q=tesla&kind={kind}&limit=100");
        let only = client.get(&path).await.expect(200).json();
        assert_eq!(only["meta"]["counts"], counts, "{kind}");
        assert!(hits(&only).iter().all(|hit| hit.0 == kind));
        assert_eq!(hits(&only).len(), usize::try_from(counts[kind].as_u64().unwrap()).unwrap(), "{kind}");
    }
    let two = client.get("/v1/search?q=tesla&kind=code,organization").await.expect(200).json();
    assert_eq!(hits(&two)[0], ("code".to_owned(), "id".to_owned(), "tesla".to_owned()));
}

#[tokio::test]
async fn a_search_has_pages_formats_and_a_tag() {
    let client = Client::bundled().await;
    let path = "/v1/search?q=geely&kind=code,organization,partnership,event";
    client.formats_agree(path).await;
    client.revalidates(path).await;
    let whole = client.get(&format!("{path}&limit=100")).await.expect(200).data();
    assert_eq!(client.rows(&format!("{path}&limit=3")).await, whole);
    let nothing = client.get("/v1/search?q=qqqqzzzz").await.expect(200);
    assert_eq!((nothing.data().len(), nothing.warnings()), (0, vec!["no_data".to_owned()]));
    assert!(client.get("/v1/search?q=%3F%21").await.expect(200).data().is_empty());
    let none = Client::empty().await.get("/v1/search?q=byd").await.expect(200);
    assert!(none.data().is_empty());
}

#[tokio::test]
async fn a_search_for_what_cannot_be_looked_for_is_refused() {
    let client = Client::bundled().await;
    let long = "x".repeat(201);
    for wrong in
        ["", "?q=", "?q=%20", &format!("?q={long}"), "?q=a&kind=car", "?q=a&limit=101", "?q=a&cursor=x"]
    {
        client.get(&format!("/v1/search{wrong}")).await.expect(422).problem("invalid_parameter");
    }
    client.get("/v1/search?q=a%00").await.expect(400).problem("malformed");
    let both = client.get("/v1/search?kind=car&page=2").await.expect(422);
    assert_eq!(both.faults().len(), 3);
    client.get(&format!("/v1/search?q={}", "x".repeat(200))).await.expect(200);
}

#[tokio::test]
async fn a_search_looks_through_the_names_that_hold_now() {
    let client = Client::bundled().await;
    let found = async || client.get("/v1/search?q=Zephyrmobile").await.expect(200).data();
    assert!(found().await.is_empty());
    let mut connection = client.database.database.writer().await.unwrap();
    let renaming = "UPDATE organization SET name_en = 'Zephyrmobile' WHERE org_id = 'audi';
         UPDATE collection SET version = version + 1 WHERE name = 'organizations'";
    sqlx::raw_sql(renaming).execute(&mut connection).await.unwrap();
    assert_eq!(found().await[0]["id"], "audi");
}
