//! The list of series, one series, and what its figures have been.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::pages::{load, production};
use super::published::{DATASETS, days, published};
use crate::client::Client;

#[tokio::test]
async fn the_list_has_every_series_once_with_its_extent() {
    let (client, published) = (Client::bundled().await, published());
    for (dataset, dimensions) in DATASETS {
        let listed = client.rows(&format!("/v1/{dataset}/series?limit=170")).await;
        let twin = client.rows(&format!("/v1/datasets/{dataset}/series?limit=10000")).await;
        assert_eq!(listed, twin);
        let ids: BTreeSet<&str> = super::each(&listed, "id");
        assert_eq!(ids.len(), listed.len(), "a series stands twice");
        let held: Vec<_> =
            published.iter().filter(|(_, s)| s.dataset == dataset && !s.holding(None).is_empty()).collect();
        assert_eq!(ids, held.iter().map(|(key, _)| key.as_str()).collect());
        for entry in &listed {
            let series = &published[entry["id"].as_str().unwrap()];
            let holding = series.holding(None);
            let by_time = |period: &&&str| days(period).0;
            let (first, last) = (holding.keys().min_by_key(by_time), holding.keys().max_by_key(by_time));
            assert_eq!(
                json!([entry["first"], entry["last"], entry["observations"]]),
                json!([first, last, holding.len()]),
                "{entry}"
            );
            for dimension in dimensions {
                assert_eq!(entry[*dimension], series.codes[*dimension], "{entry}");
            }
            assert_eq!(entry["frequency"], series.frequency);
            assert_eq!(entry["updated"], "2026-11-24T04:00:00Z");
        }
    }
}

#[tokio::test]
async fn the_list_narrows_by_what_is_named_and_reads_in_both_languages() {
    let client = Client::bundled().await;
    client.pages_add_up("/v1/production/series?measure=sales&source=caam", 7).await;
    let path = "/v1/charging/series?geo=CN&access=public";
    let (entries, table) =
        (client.rows(path).await, client.get(&format!("{path}&format=csv")).await.expect(200).csv());
    assert_eq!(entries.len(), table.len());
    for (entry, cells) in entries.iter().zip(&table) {
        let told = ["id", "title", "access", "frequency", "unit", "first", "last"].map(|field| &entry[field]);
        let written =
            ["id", "title", "access", "frequency", "unit", "first", "last"].map(|field| &cells[field]);
        assert_eq!(json!(told), json!(written));
    }
    let named = client.rows("/v1/production/series?maker=byd,tesla&frequency=M&powertrain=NEV").await;
    assert!(!named.is_empty());
    for entry in &named {
        assert!(["byd", "tesla"].contains(&entry["maker"].as_str().unwrap()));
        assert_eq!((&entry["frequency"], &entry["powertrain"]), (&json!("M"), &json!("NEV")));
    }
    let titles = async |lang: &str| {
        let path = format!("/v1/charging/series?geo=CN&access=public&current=DC&source=iea&lang={lang}");
        client
            .get(&path)
            .await
            .expect(200)
            .data()
            .iter()
            .map(|entry| entry["title"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(titles("zh").await, ["充电桩，中国，公共，直流；年度；国际能源署"]);
    assert_eq!(
        titles("en").await,
        [
            "Charging outlets, China (mainland), Public, Direct current (fast); annual; International Energy Agency (IEA)"
        ]
    );
    let none = client.get("/v1/production/series?geo=NO&measure=exports").await.expect(200);
    assert_eq!((none.data().len(), none.warnings()), (0, vec!["no_data".to_owned()]));
    let wrong = client.get("/v1/production/series?source=best&start=2020").await.expect(422);
    let told: Vec<String> = wrong.faults().into_iter().map(|(parameter, _)| parameter).collect();
    assert_eq!(told, ["source", "start"]);
}

#[tokio::test]
async fn a_series_by_its_key_is_what_the_query_answers() {
    let client = Client::bundled().await;
    for (key, query) in [
        ("production:A.production.oica.CN._T._T._T._T._T", "/v1/production?source=oica"),
        ("production:A.production.best.CN._T._T._T._T._T", "/v1/production?source=best"),
        (
            "production:M.sales.caam.CN._T._T._T._T.NEV",
            "/v1/production?source=caam&measure=sales&powertrain=NEV&frequency=M",
        ),
        ("charging:M.outlets.best.CN._T.public._T", "/v1/charging?access=public"),
    ] {
        for and in ["", "&start=2019&end=2022", "&as_of=2021", "&last=4", "&lang=zh"] {
            let queried = client.get(&format!("{query}&shape=series{and}")).await.expect(200).data();
            let one =
                client.get(&format!("/v1/series/{key}?{}", and.trim_start_matches('&'))).await.expect(200);
            assert_eq!(json!([one.json()["data"]]), json!(queried), "{key} {and}");
            assert_eq!(one.json()["data"]["id"], key);
        }
        let rows = client.rows(query).await;
        let table = client.get(&format!("/v1/series/{key}?format=csv")).await.expect(200).csv();
        assert_eq!(table.len(), rows.len());
        let lines = client.get(&format!("/v1/series/{key}?format=ndjson")).await.expect(200).ndjson();
        assert_eq!(lines[..lines.len() - 1], rows);
    }
}

#[tokio::test]
async fn a_series_whose_figures_were_all_withdrawn_is_still_known() {
    let (client, published) = (Client::bundled().await, published());
    let withdrawn: Vec<&String> =
        published.iter().filter(|(_, s)| s.holding(None).is_empty()).map(|(key, _)| key).collect();
    assert!(!withdrawn.is_empty());
    for key in withdrawn.into_iter().take(5) {
        let now = client.get(&format!("/v1/series/{key}")).await.expect(200);
        assert_eq!(
            (&now.json()["data"]["id"], &now.json()["data"]["observations"]),
            (&json!(key), &json!([]))
        );
        assert_eq!(now.warnings(), ["no_data"]);
        let then = client.get(&format!("/v1/series/{key}?as_of=2024-12-31")).await.expect(200);
        let held = published[key].holding("2024-12-31".parse().ok()).len();
        assert_eq!(then.json()["data"]["observations"].as_array().unwrap().len(), held);
        assert!(held > 0, "{key}");
    }
}

#[tokio::test]
async fn vintages_come_in_pages_and_forms_and_narrow_to_a_time() {
    let client = Client::bundled().await;
    let path = "/v1/series/production:A.production.oica.CN._T._T._T._T._T/vintages";
    client.pages_add_up(path, 4).await;
    client.formats_agree(path).await;
    let all = client.rows(path).await;
    let since = client.rows(&format!("{path}?start=2010&end=2015")).await;
    let within = all.iter().filter(|v| ("2010"..="2015").contains(&v["period"].as_str().unwrap()));
    assert_eq!(since, within.cloned().collect::<Vec<_>>());
    let last = client.rows(&format!("{path}?last=2")).await;
    assert_eq!(super::each(&last, "period"), ["2023", "2024"].into());
}

#[tokio::test]
async fn vintages_show_a_correction_and_pages_cut_by_it_say_so() {
    let client = Client::bundled().await;
    let path = "/v1/series/production:A.production.oica.CN._T._T._T._T._T/vintages";
    let of_2020 = |rows: &[Value]| -> Vec<Value> {
        rows.iter()
            .filter(|v| v["period"] == "2020")
            .map(|v| json!([v["value"], v["document"], v["current"]]))
            .collect()
    };
    let before = client.rows(path).await;
    let at = before.iter().position(|v| v["document"] == "ktt-2022-n3").unwrap();
    let next =
        client.get(&format!("{path}?limit={}", at + 1)).await.expect(200).json()["links"]["next"].clone();
    let correct =
        |line: &str| Some(line.replace(",A,2020,25225242,A,ktt-2022-n3,", ",A,2020,25225999,A,ktt-2022-n3,"));
    load(&client, "observations/production.csv", production(correct)).await;
    let after = client.rows(path).await;
    assert!(of_2020(&before).contains(&json!([25_225_242, "ktt-2022-n3", true])), "{before:?}");
    assert!(of_2020(&after).contains(&json!([25_225_999, "ktt-2022-n3", true])), "{:?}", of_2020(&after));
    client.get(next.as_str().unwrap()).await.expect(410).problem("cursor_gone");
}
