//! The catalog: every row of the lists, what is known to be true, and each way to ask.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use china_auto::catalog::Vocabularies;
use china_auto::database::Versioned;
use china_auto::error::Error;
use china_auto::timeseries::key::Dimension;
use serde_json::{Value, json};

use crate::client::Client;
use crate::files::{As, Row, record, rows, served};

/// A list that can be read to its end in pages of this size, and narrowed by this parameter.
const LISTS: [(&str, usize); 5] = [
    ("/v1/datasets", 1),
    ("/v1/codes/model", 40),
    ("/v1/sources", 50),
    ("/v1/documents", 200),
    ("/v1/releases", 250),
];

const SINGLES: [&str; 5] =
    ["/v1", "/v1/datasets/charging", "/v1/sources/caam", "/v1/documents/iea-gevo-2025", "/v1/releases/1"];

const SOURCE: &[(&str, &str, As)] = &[
    ("source", "id", As::Text),
    ("name_en", "name_en", As::Text),
    ("name_zh", "name_zh", As::Text),
    ("kind", "kind", As::Text),
    ("homepage", "homepage", As::Text),
    ("precedence", "precedence", As::Number),
    ("license", "licence", As::Text),
    ("note", "note", As::Text),
    ("attribution", "attribution", As::Text),
];

const DOCUMENT: &[(&str, &str, As)] = &[
    ("document_id", "id", As::Text),
    ("source", "source", As::Text),
    ("publisher", "publisher", As::Text),
    ("title", "title", As::Text),
    ("url", "url", As::Text),
    ("published", "published", As::Text),
    ("license", "licence", As::Text),
    ("note", "note", As::Text),
    ("coverage", "coverage", As::Text),
];

const MEASURE: &[(&str, &str, As)] = &[
    ("code", "measure", As::Text),
    ("name_en", "name_en", As::Text),
    ("name_zh", "name_zh", As::Text),
    ("unit", "unit", As::Text),
    ("kind", "kind", As::Text),
    ("aggregation", "aggregation", As::Text),
    ("definition", "definition", As::Text),
];

const PARTITION: &[(&str, &str, As)] = &[
    ("source", "source", As::Text),
    ("dimension", "dimension", As::Text),
    ("whole", "whole", As::Text),
    ("parts", "parts", As::List('|')),
    ("valid_from", "valid_from", As::Text),
    ("valid_to", "valid_to", As::Text),
    ("note", "note", As::Text),
];

const PRECEDENCE: &[(&str, &str, As)] = &[
    ("measure", "measure", As::Text),
    ("level", "level", As::Text),
    ("rank", "rank", As::Number),
    ("scope", "scope", As::Text),
    ("sources", "sources", As::List('|')),
    ("note", "note", As::Text),
];

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

fn codes(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["code"].as_str().unwrap()).collect()
}

/// What a file says of a code: what every dimension has, and the rest as attributes.
fn expected(row: &Row, has_total: bool) -> Value {
    let text = |column: &str| row.get(column).filter(|text| !text.is_empty());
    let top = (has_total && row["code"] != "_T").then(|| "_T".to_owned());
    let common = ["code", "parent", "name_en", "name_zh", "definition"];
    let attribute = |(name, value): (&String, &String)| {
        let list: Vec<&str> = value.split(';').filter(|v| !v.is_empty()).collect();
        let is_list = ["makers_also", "overlaps"].contains(&name.as_str());
        let value = if is_list { json!(list) } else { json!(value) };
        (name.clone(), value)
    };
    let rest = row.iter().filter(|(name, value)| !common.contains(&name.as_str()) && !value.is_empty());
    let mut attributes: BTreeMap<String, Value> = rest.map(attribute).collect();
    if row.contains_key("makers_also") {
        attributes.entry("makers_also".to_owned()).or_insert_with(|| json!([]));
    }
    json!({
        "code": row["code"], "parent": text("parent").cloned().or(top), "name_en": row["name_en"],
        "name_zh": text("name_zh"), "definition": text("definition"), "attributes": attributes,
    })
}

#[tokio::test]
async fn every_row_of_the_code_lists_is_served_in_its_order() {
    let client = Client::bundled().await;
    for dimension in Dimension::ALL.map(Dimension::name) {
        if ["measure", "source"].contains(&dimension) {
            continue;
        }
        let file = rows(&format!("codes/{dimension}.csv"));
        let has_total = file.iter().any(|row| row["code"] == "_T");
        let found = client.rows(&format!("/v1/codes/{dimension}?limit=37")).await;
        assert_eq!(found.len(), file.len(), "{dimension}");
        for (found, row) in found.iter().zip(&file) {
            let expected = expected(row, has_total);
            for (field, value) in expected.as_object().unwrap() {
                assert_eq!(&found[field], value, "{dimension} {} {field}", row["code"]);
            }
            let below = file.iter().filter(|other| expected_parent(other, has_total) == Some(&row["code"]));
            assert_eq!(found["children"], below.count(), "{dimension} {}", row["code"]);
        }
    }
}

fn expected_parent(row: &Row, has_total: bool) -> Option<&str> {
    let top = (has_total && row["code"] != "_T").then_some("_T");
    Some(row["parent"].as_str()).filter(|parent| !parent.is_empty()).or(top)
}

#[tokio::test]
async fn measures_and_sources_are_code_lists_too() {
    let client = Client::bundled().await;
    let measures = client.rows("/v1/codes/measure").await;
    let file = rows("codes/measure.csv");
    assert_eq!(codes(&measures), file.iter().map(|row| row["code"].as_str()).collect::<Vec<_>>());
    assert_eq!(measures[0]["attributes"]["unit"], "vehicles");
    assert_eq!(measures[0]["attributes"]["datasets"], json!(["production"]));
    let sources = client.rows("/v1/codes/source").await;
    assert_eq!(sources.len(), rows("sources.csv").len());
    assert_eq!(sources[0]["code"], "company");
}

#[tokio::test]
async fn every_source_and_document_is_served_as_it_stands() {
    let client = Client::bundled().await;
    let mut expected = rows("sources.csv");
    expected.sort_by_key(|row| row["precedence"].parse::<i32>().unwrap());
    let documents = rows("documents.csv");
    let found = client.rows("/v1/sources?limit=60").await;
    assert_eq!(found.len(), expected.len());
    for (row, found) in expected.iter().zip(&found) {
        assert_eq!(served(found, SOURCE), record(row, SOURCE));
        let of = documents.iter().filter(|document| document["source"] == row["source"]).count();
        assert_eq!(found["documents"], of, "{}", row["source"]);
    }
    let mut expected = documents;
    expected.sort_by(|a, b| a["document_id"].cmp(&b["document_id"]));
    let found = client.rows("/v1/documents?limit=300").await;
    assert_eq!(found.len(), expected.len());
    for (row, found) in expected.iter().zip(&found) {
        assert_eq!(served(found, DOCUMENT), record(row, DOCUMENT));
    }
}

#[tokio::test]
async fn every_measure_partition_and_rule_of_precedence_is_served() {
    let client = Client::bundled().await;
    for dataset in ["production", "charging"] {
        let found = client.get(&format!("/v1/datasets/{dataset}")).await.expect(200).json()["data"].clone();
        let of = |file: &str| -> Vec<Row> {
            rows(file).into_iter().filter(|row| row["dataset"] == dataset).collect()
        };
        for (field, file, columns) in [
            ("measures", "codes/measure.csv", MEASURE),
            ("partitions", "codes/partitions.csv", PARTITION),
            ("precedence", "codes/precedence.csv", PRECEDENCE),
        ] {
            let (file, found) = (of(file), found[field].as_array().unwrap());
            assert_eq!(found.len(), file.len(), "{dataset} {field}");
            for (row, found) in file.iter().zip(found) {
                assert_eq!(served(found, columns), record(row, columns), "{dataset} {field}");
            }
        }
        for (row, found) in of("codes/partitions.csv").iter().zip(found["partitions"].as_array().unwrap()) {
            assert_eq!(found["absent_is_zero"], row["absent_is_zero"] == "yes", "{row:?}");
        }
    }
}

#[tokio::test]
async fn coverage_is_what_the_files_hold() {
    let client = Client::bundled().await;
    for dataset in ["production", "charging"] {
        let found = client.get(&format!("/v1/datasets/{dataset}")).await.expect(200).json()["data"].clone();
        let file = rows(&format!("observations/{dataset}.csv"));
        for entry in found["coverage"].as_array().unwrap() {
            let (measure, frequency) =
                (entry["measure"].as_str().unwrap(), entry["frequency"].as_str().unwrap());
            let of = file.iter().filter(|row| row["measure"] == measure && row["frequency"] == frequency);
            let periods = of.filter(|row| row["role"] == "value").map(|row| row["period"].as_str());
            let (first, last) = (periods.clone().min(), periods.max());
            assert_eq!((&entry["first"], &entry["last"]), (&json!(first), &json!(last)), "{dataset} {entry}");
            assert_eq!(entry["series"] == 0, first.is_none(), "{dataset} {entry}");
        }
        let sums = |field: &str, of: &str| -> i64 {
            found[of].as_array().unwrap().iter().map(|entry| entry[field].as_i64().unwrap()).sum()
        };
        assert_eq!(sums("observations", "coverage"), sums("observations", "sources"));
        assert_eq!(sums("series", "coverage"), sums("series", "sources"));
        assert!(sums("series", "coverage") > 0);
    }
}

#[tokio::test]
async fn each_document_and_dataset_is_one_release() {
    let client = Client::bundled().await;
    for dataset in ["production", "charging"] {
        let mut expected: BTreeMap<String, i64> = BTreeMap::new();
        for row in rows(&format!("observations/{dataset}.csv")) {
            *expected.entry(row["document_id"].clone()).or_default() += 1;
        }
        let found = client.rows(&format!("/v1/releases?collection={dataset}&limit=90")).await;
        let held = |row: &Value| Some((row["document"].as_str()?.to_owned(), row["rows"].as_i64()?));
        assert_eq!(found.iter().filter_map(held).collect::<BTreeMap<_, _>>(), expected);
        assert!(found.is_sorted_by(|a, b| a["id"].as_i64() > b["id"].as_i64()));
    }
    let document = client.get("/v1/documents/iea-gevo-2025").await.expect(200).json()["data"].clone();
    let releases = document["releases"].as_array().unwrap();
    let collections: Vec<_> =
        releases.iter().map(|release| release["collection"].as_str().unwrap()).collect();
    assert_eq!((collections.len(), collections.contains(&"production")), (2, true), "{document}");
    for release in releases {
        let path = format!("/v1/releases/{}", release["release"]);
        let found = client.get(&path).await.expect(200).json()["data"].clone();
        assert_eq!(found["rows"], release["rows"]);
        assert_eq!((&found["source"], &found["coverage"]), (&json!("iea"), &json!("edition")));
        assert_eq!(found["links"]["document"], "/v1/documents/iea-gevo-2025");
        assert_eq!(
            (found["reason"].as_str(), found["published"].as_str()),
            (Some("initial"), Some("2025-05-31"))
        );
        let checksum = found["checksum"].as_str().unwrap();
        assert!(checksum.len() == 64 && checksum.bytes().all(|b| b.is_ascii_hexdigit()), "{checksum}");
        client.get(found["links"]["collection"].as_str().unwrap()).await.expect(200);
    }
}

#[tokio::test]
async fn the_front_page_leads_to_what_is_there() {
    let client = Client::bundled().await;
    let home = client.get("/v1").await.expect(200).json()["data"].clone();
    let datasets: Vec<_> =
        home["datasets"].as_array().unwrap().iter().map(|d| d["dataset"].clone()).collect();
    assert_eq!(datasets, ["production", "charging"]);
    for dataset in home["datasets"].as_array().unwrap() {
        client.get(dataset["link"].as_str().unwrap()).await.expect(200);
    }
    let paths: Vec<_> = home["operations"].as_array().unwrap().iter().map(|o| o["path"].clone()).collect();
    for path in ["/v1/codes/{dimension}", "/v1/datasets/{dataset}", "/v1/sources", "/v1/releases/{id}"] {
        assert!(paths.contains(&json!(path)), "{path}");
    }
    assert!(
        home["operations"].as_array().unwrap().iter().all(|o| !o["summary"].as_str().unwrap().is_empty())
    );
    client.get(home["contract"].as_str().unwrap()).await.expect(200);
    let versions = home["versions"].as_array().unwrap();
    assert!(versions.iter().all(|entry| entry["version"] == 1), "{versions:?}");
}

#[tokio::test]
async fn names_and_titles_follow_the_language() {
    let client = Client::bundled().await;
    let name = async |path: &str, headers: &[(&str, &str)], field: &str| {
        let answer = client.get_with(path, headers).await.expect(200);
        let json = answer.json();
        let data = json["data"].get(0).unwrap_or(&json["data"]);
        (answer.header("content-language").to_owned(), data[field].as_str().unwrap().to_owned())
    };
    let zh = [("accept-language", "zh-CN,en;q=0.5")];
    let is = |language: &str, name: &str| (language.to_owned(), name.to_owned());
    assert_eq!(name("/v1/codes/maker?q=byd", &[], "name").await, is("en", "BYD Company"));
    assert_eq!(name("/v1/codes/maker?q=byd", &zh, "name").await, is("zh", "比亚迪"));
    assert_eq!(name("/v1/codes/maker?q=byd&lang=en", &zh, "name").await, is("en", "BYD Company"));
    assert_eq!(name("/v1/sources/caam", &zh, "name").await, is("zh", "中国汽车工业协会"));
    assert_eq!(name("/v1/sources?q=caam&lang=zh", &[], "name").await, is("zh", "中国汽车工业协会"));
    assert_eq!(
        name("/v1/datasets/charging?lang=zh", &[], "title").await,
        is("zh", "中国电动汽车充电基础设施")
    );
    let tag = client.get("/v1/codes/maker").await.expect(200).header("etag").to_owned();
    let other = [zh[0], ("if-none-match", tag.as_str())];
    client.get_with("/v1/codes/maker", &other).await.expect(200);
}

#[tokio::test]
async fn codes_are_found_by_text_and_by_place() {
    let client = Client::bundled().await;
    let found = async |path: &str| {
        let rows = client.rows(path).await;
        codes(&rows).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found("/v1/codes/maker?q=比亚迪").await, ["byd"]);
    assert_eq!(found("/v1/codes/geo?q=上海").await, ["CN-SH"]);
    assert_eq!(found("/v1/codes/geo?q=SHANGHAI").await, ["CN-SH"]);
    assert_eq!(found("/v1/codes/powertrain?parent=NEV").await, ["BEV", "PHEV", "FCEV"]);
    assert_eq!(found("/v1/codes/geo?parent=CN").await.len(), 31);
    let top = found("/v1/codes/vehicle_class?parent=_T").await;
    assert!(top.contains(&"PV".to_owned()) && !top.contains(&"_T".to_owned()), "{top:?}");
    let both = found("/v1/codes/vehicle_class?parent=_T,PV").await;
    assert!(both.contains(&"PV".to_owned()) && both.contains(&"PV_SUV".to_owned()), "{both:?}");
    let none = client.get("/v1/codes/maker?q=byd&parent=geely-holding").await.expect(200);
    assert_eq!((none.data().len(), none.warnings()), (0, vec!["no_data".to_owned()]));
}

#[tokio::test]
async fn lists_are_narrowed_by_each_filter() {
    let client = Client::bundled().await;
    let agencies = client.rows("/v1/sources?kind=agency").await;
    assert!(ids(&agencies).contains(&"nea") && agencies.iter().all(|source| source["kind"] == "agency"));
    assert_eq!(ids(&client.rows("/v1/sources?q=汽车工业协会").await), ["caam"]);
    let open = client.rows("/v1/sources?licence=cc%20by").await;
    assert!(ids(&open).contains(&"iea") && !ids(&open).contains(&"caam"));
    let outlook = client.rows("/v1/documents?source=iea&q=OUTLOOK").await;
    assert!(ids(&outlook).contains(&"iea-gevo-2025") && outlook.iter().all(|d| d["source"] == "iea"));
    let both = client.rows("/v1/documents?source=iea,oica").await;
    let of = |source: &str| rows("documents.csv").iter().filter(|row| row["source"] == source).count();
    assert_eq!(both.len(), of("iea") + of("oica"));
    let named = client.rows("/v1/documents?id=smm-103720172,iea-gevo-2025").await;
    assert_eq!(ids(&named), ["iea-gevo-2025", "smm-103720172"]);
    assert_eq!(
        client.get("/v1/documents?id=none").await.expect(422).faults(),
        [("id".into(), "none".into())]
    );
    let releases = client.rows("/v1/releases?document=iea-gevo-2025").await;
    assert_eq!(releases.len(), 2);
    let iea = client.rows("/v1/releases?source=iea&collection=charging").await;
    assert!(!iea.is_empty() && iea.iter().all(|r| r["source"] == "iea" && r["collection"] == "charging"));
    let all = client.rows("/v1/releases?limit=1000").await.len();
    assert_eq!(client.rows("/v1/releases?reason=initial&withdrawn=false&limit=1000").await.len(), all);
    for empty in
        ["/v1/releases?withdrawn=true", "/v1/releases?reason=corrected", "/v1/sources?kind=agency&q=caam"]
    {
        let none = client.get(empty).await.expect(200);
        assert_eq!((none.data().len(), none.warnings()), (0, vec!["no_data".to_owned()]), "{empty}");
    }
}

#[tokio::test]
async fn a_source_says_what_it_has_and_where_it_answers() {
    let client = Client::bundled().await;
    let caam = client.get("/v1/sources/caam").await.expect(200).json()["data"].clone();
    let monthly = json!({"dataset": "production", "measure": "sales", "frequency": "M"});
    let entry = caam["coverage"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| monthly.as_object().unwrap().iter().all(|(field, value)| &entry[field] == value));
    assert_eq!(entry.unwrap()["first"], "2010-06");
    let first = &caam["answers"][0];
    assert_eq!((&first["dataset"], &first["scope"]), (&json!("production"), &json!("caam")));
    let silent = client.get("/v1/sources/36kr-europe").await.expect(200).json()["data"].clone();
    assert_eq!((&silent["coverage"], &silent["answers"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn each_list_is_paged_to_its_end_in_every_format() {
    let client = Client::bundled().await;
    for (path, limit) in LISTS {
        client.pages_add_up(path, limit).await;
        client.formats_agree(&format!("{path}?limit=20")).await;
        client.revalidates(path).await;
    }
    for path in SINGLES {
        client.formats_agree(path).await;
        client.revalidates(path).await;
    }
}

#[tokio::test]
async fn a_service_without_data_answers_with_empty_lists() {
    let client = Client::empty().await;
    for (path, _) in LISTS {
        let answer = client.get(path).await.expect(200);
        assert_eq!((answer.data().len(), answer.warnings()), (0, vec!["no_data".to_owned()]), "{path}");
        let csv = client.get(&format!("{path}?format=csv")).await.expect(200);
        assert_eq!(csv.text().lines().count(), 1, "{path}");
    }
    assert_eq!(client.get("/v1").await.expect(200).json()["data"]["datasets"], json!([]));
    client.get("/v1/datasets/production").await.expect(404).problem("not_found");
}

#[tokio::test]
async fn what_is_not_known_is_told_with_what_looks_like_it() {
    let client = Client::bundled().await;
    for (path, near) in [
        ("/v1/datasets/prodution", "production"),
        ("/v1/codes/vehicleclass", "vehicle_class"),
        ("/v1/sources/camm", "caam"),
        ("/v1/documents/iea-gevo-202", "iea-gevo-2025"),
    ] {
        let answer = client.get(path).await.expect(404);
        answer.problem("not_found");
        let near = json!(near);
        let offered = answer.json()["errors"][0]["did_you_mean"].clone();
        assert!(offered.as_array().unwrap().contains(&near), "{path}: {offered}");
    }
    for path in ["/v1/releases/999999", "/v1/releases/-1", "/v1/releases/1.5", "/v1/releases/99999999999999"]
    {
        client.get(path).await.expect(404).problem("not_found");
    }
    for path in ["/v1/documents/a%00b", "/v1/sources/%ff", "/v1/datasets/%00", "/v1/codes/%00"] {
        client.get(path).await.expect(400).problem("malformed");
    }
}

#[tokio::test]
async fn every_fault_of_a_request_is_told_at_once() {
    let client = Client::bundled().await;
    for (path, parameters) in [
        ("/v1?x=1", vec!["x"]),
        ("/v1/datasets?lang=fr&q=x", vec!["lang", "q"]),
        ("/v1/datasets/production?limit=1", vec!["limit"]),
        ("/v1/codes/geo?parent=XX&lang=fr&foo=1&limit=0", vec!["parent", "lang", "foo", "limit"]),
        ("/v1/sources?kind=agncy&source=caam", vec!["kind", "source"]),
        ("/v1/sources/caam?q=x", vec!["q"]),
        ("/v1/documents?source=camm&cursor=x&format=xml", vec!["source", "cursor", "format"]),
        ("/v1/documents/iea-gevo-2025?lang=zh", vec!["lang"]),
        (
            "/v1/releases?collection=prod&document=none&source=camm&reason=x&withdrawn=1",
            vec!["collection", "document", "source", "reason", "withdrawn"],
        ),
        ("/v1/releases/1?withdrawn=true", vec!["withdrawn"]),
    ] {
        let answer = client.get(path).await.expect(422);
        answer.problem("invalid_parameter");
        let mut found: Vec<String> = answer.faults().into_iter().map(|(parameter, _)| parameter).collect();
        let mut expected = parameters;
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{path}");
    }
}

#[tokio::test]
async fn a_database_filled_anew_has_other_tags_although_it_counts_from_one_again() {
    let client = Client::bundled().await;
    let paths =
        ["/v1", "/v1/codes/geo", "/v1/sources", "/v1/subsidies", "/v1/organizations", "/v1/production"];
    let mut before = Vec::new();
    for path in paths {
        before.push(client.get(path).await.expect(200).header("etag").to_owned());
    }
    let mut writer = client.database.database.writer().await.unwrap();
    let later = "UPDATE collection SET changed_at = changed_at + interval '1 second'";
    sqlx::query(later).execute(&mut writer).await.unwrap();
    for (path, tag) in paths.iter().zip(before) {
        assert_ne!(client.get(path).await.expect(200).header("etag"), tag, "{path}");
    }
}

#[tokio::test]
async fn a_change_of_any_collection_changes_the_tag_of_what_reads_several() {
    let client = Client::bundled().await;
    let tags = async || {
        let mut tags = BTreeMap::new();
        for path in ["/v1", "/v1/datasets", "/v1/documents", "/v1/releases", "/v1/codes/geo", "/v1/sources"] {
            tags.insert(path, client.get(path).await.expect(200).header("etag").to_owned());
        }
        tags
    };
    let before = tags().await;
    let mut writer = client.database.database.writer().await.unwrap();
    let raise = "UPDATE collection SET version = version + 1, changed_at = now() WHERE name = 'charging'";
    sqlx::query(raise).execute(&mut writer).await.unwrap();
    let after = tags().await;
    for (path, tag) in &before {
        let alone = ["/v1/codes/geo", "/v1/sources"].contains(path);
        assert_eq!(&after[path] == tag, alone, "{path}");
    }
}

#[tokio::test]
async fn the_vocabulary_is_read_again_only_where_a_version_changed() {
    let client = Client::bundled().await;
    let first = client.app.vocabularies.current().await.unwrap();
    assert!(Arc::ptr_eq(&first, &client.app.vocabularies.current().await.unwrap()));
    let names: Vec<_> = first.datasets.iter().map(|dataset| dataset.name.as_str()).collect();
    assert_eq!(names, ["production", "charging"]);
    assert_eq!(first.codes[&Dimension::Geo].get("CN-SH").unwrap().kind.as_deref(), Some("province"));
    let mut writer = client.database.database.writer().await.unwrap();
    for statement in [
        "UPDATE code SET replaced_by = 'CN-BJ' WHERE dimension = 'geo' AND code = 'CN-SH'",
        "UPDATE collection SET version = version + 1 WHERE name = 'codes'",
    ] {
        sqlx::query(statement).execute(&mut writer).await.unwrap();
    }
    let second = client.app.vocabularies.current().await.unwrap();
    assert_eq!(second.codes[&Dimension::Geo].get("CN-SH").unwrap().replaced_by.as_deref(), Some("CN-BJ"));
    let code = client.rows("/v1/codes/geo?q=上海").await;
    assert_eq!(code[0]["replaced_by"], "CN-BJ");
    let back = "UPDATE collection SET version = version - 1 WHERE name = 'codes'";
    sqlx::query(back).execute(&mut writer).await.unwrap();
    let third = client.app.vocabularies.current().await.unwrap();
    assert_eq!(third.version("codes"), first.version("codes"));
    client.app.vocabularies.reload().await.unwrap();
    assert!(!Arc::ptr_eq(&third, &client.app.vocabularies.current().await.unwrap()));
}

#[tokio::test]
async fn many_who_need_a_new_vocabulary_read_it_once() {
    let client = Client::bundled().await;
    let vocabularies = Vocabularies::new(client.app.pool.clone());
    let readers: Vec<_> = (0..20)
        .map(|_| {
            let vocabularies = vocabularies.clone();
            tokio::spawn(async move { vocabularies.current().await.unwrap() })
        })
        .collect();
    let mut read = Vec::new();
    for reader in readers {
        read.push(reader.await.unwrap());
    }
    assert!(read.iter().all(|vocabulary| Arc::ptr_eq(vocabulary, &read[0])));
}

#[tokio::test]
async fn a_reading_that_an_import_interrupts_is_made_again() {
    let client = Client::bundled().await;
    let raise = "UPDATE collection SET version = version + 1 WHERE name = 'codes'";
    let (pool, readings) = (&client.app.pool, &AtomicUsize::new(0));
    let before = client.app.vocabularies.current().await.unwrap().whole().0;
    let read = async || {
        if readings.fetch_add(1, Ordering::Relaxed) == 0 {
            let mut writer = client.database.database.writer().await?;
            sqlx::query(raise).execute(&mut writer).await?;
        }
        let sum = "SELECT sum(version)::bigint, max(changed_at) FROM collection";
        let (version, changed_at) = sqlx::query_as(sum).fetch_one(pool).await?;
        Ok(Versioned { version, changed_at, data: () })
    };
    let (vocabulary, read) = client.app.vocabularies.beside(read).await.unwrap();
    assert_eq!((vocabulary.whole().0, read.version), (before + 1, before + 1));
    assert_eq!(readings.load(Ordering::Relaxed), 2);
    let restless = async || {
        let mut writer = client.database.database.writer().await?;
        sqlx::query(raise).execute(&mut writer).await?;
        Ok(Versioned { version: 0, changed_at: client.app.clock.now(), data: () })
    };
    assert!(matches!(client.app.vocabularies.beside(restless).await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn a_corrected_and_a_withdrawn_release_say_so() {
    let client = Client::bundled().await;
    let mut writer = client.database.database.writer().await.unwrap();
    let newest = client.rows("/v1/releases?limit=2").await;
    let (old, new) = (newest[1]["id"].as_i64().unwrap(), newest[0]["id"].as_i64().unwrap());
    for statement in [
        "UPDATE release SET superseded_by = $2 WHERE release_id = $1",
        "UPDATE release SET reason = 'corrected', withdrawn_at = now(), withdrawn_reason = 'a misprint' \
         WHERE release_id = $2 AND $1 > 0",
    ] {
        sqlx::query(statement).bind(old).bind(new).execute(&mut writer).await.unwrap();
    }
    let corrected = client.get(&format!("/v1/releases/{old}")).await.expect(200).json()["data"].clone();
    assert_eq!(corrected["superseded_by"], new);
    assert_eq!(corrected["links"]["superseded_by"], format!("/v1/releases/{new}"));
    let withdrawn = client.rows("/v1/releases?withdrawn=true&reason=corrected").await;
    assert_eq!((withdrawn.len(), &withdrawn[0]["id"]), (1, &json!(new)));
    assert_eq!(withdrawn[0]["withdrawn_reason"], "a misprint");
    let document = client.get(&format!("/v1/documents/{}", newest[0]["document"].as_str().unwrap())).await;
    let releases = document.expect(200).json()["data"]["releases"].clone();
    let of = releases.as_array().unwrap().iter().find(|release| release["release"] == new).unwrap();
    assert_eq!((&of["in_force"], &of["reason"]), (&json!(false), &json!("corrected")));
}
