//! A dataset that lists every part of each whole: anything coarser is the exact sum of what is listed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use china_auto::ingest::{Files, load_bundled};
use serde_json::{Value, json};

use crate::client::Client;
use crate::cluster;

/// A dataset that lists every part of each whole.
pub const DESCRIPTION: &str = r#"
position = 9
title_en = "Registrations"
title_zh = "上牌量"
description = "Made figures: every province, model and powertrain."
dimensions = ["measure", "source", "geo", "maker", "brand", "model", "vehicle_class", "powertrain"]
frequencies = ["A", "Q", "M"]
default_frequency = "A"
complete = true
licence = "none"
citation = "none"
"#;

/// Province, maker, brand, model, class and powertrain of each listed series; the places and models have more than one.
const LISTED: [[&str; 6]; 7] = [
    ["CN-BJ", "byd", "byd", "byd--dolphin", "PV_CAR", "BEV"],
    ["CN-BJ", "byd", "byd", "byd--han", "PV_CAR", "BEV"],
    ["CN-BJ", "byd", "byd", "byd--han", "PV_CAR", "PHEV"],
    ["CN-GD", "byd", "byd", "byd--dolphin", "PV_CAR", "BEV"],
    ["CN-GD", "geely-auto", "geely", "geely--xingyue-l", "PV_SUV", "ICE"],
    ["CN-GD", "geely-auto", "geely", "geely--galaxy-e5", "PV_SUV", "BEV"],
    ["JP", "byd", "byd", "byd--dolphin", "PV_CAR", "BEV"],
];

/// The figure of a listed series in a month of 2024; the last but one is on sale from June.
fn figure(series: usize, month: usize) -> Option<i64> {
    (series != 5 || month >= 6).then(|| i64::try_from((series + 1) * 1000 + month * 7).unwrap())
}

async fn service() -> Client {
    let database = cluster::migrated().await;
    let bundled = Files::bundled();
    let with = |files: Files, path: &str, row: &str| {
        let text = format!("{}\n{row}\n", files.text(path).unwrap().trim_end());
        files.with(path, text)
    };
    let files = bundled.with("datasets/registered.toml", DESCRIPTION);
    let files = with(files, "codes/measure.csv", "registered,,Registered,,vehicles,flow,sum,registered,");
    let files = with(files, "sources.csv", "made,Made,,research,,900,none,,");
    let files = with(files, "documents.csv", "made-1,made,Publisher,Title,,2025-01-15,none,,patch");
    let files = with(files, "codes/precedence.csv", "registered,*,*,*,1,made,made,,");
    let mut rows = "measure,source,geo,maker,brand,model,vehicle_class,powertrain,frequency,period,value,status,document_id,note,role\n".to_owned();
    for (at, codes) in LISTED.iter().enumerate() {
        for month in 1..=12 {
            if let Some(value) = figure(at, month) {
                let codes = codes.join(",");
                writeln!(rows, "registered,made,{codes},M,2024-{month:02},{value},A,made-1,,value").unwrap();
            }
        }
    }
    let files = files.with("observations/registered.csv", rows);
    load_bundled(&database.database, &files, &cluster::clock()).await.unwrap();
    Client::of(database).await
}

/// The sum of a month, or of all months, over the listed series that a condition holds for.
fn sum(months: std::ops::RangeInclusive<usize>, holds: impl Fn(&[&str; 6]) -> bool) -> i64 {
    let series = LISTED.iter().enumerate().filter(|(_, codes)| holds(codes));
    series.flat_map(|(at, _)| months.clone().filter_map(move |month| figure(at, month))).sum()
}

const PATH: &str = "/v1/datasets/registered/observations";

#[tokio::test]
async fn whatever_is_coarser_is_the_sum_of_what_is_listed() {
    let client = service().await;
    let in_china = |codes: &[&str; 6]| codes[0].starts_with("CN");
    let year = client.rows(PATH).await;
    assert_eq!(year.len(), 1);
    assert_eq!(year[0]["value"], sum(1..=12, in_china));
    assert_eq!((&year[0]["derived"], &year[0]["coverage"]), (&json!(true), &json!("12/12")));
    assert_eq!(year[0]["document"], "made-1");
    let month = client.rows(&format!("{PATH}?frequency=M&start=2024-03&end=2024-03")).await;
    assert_eq!(month[0]["value"], sum(3..=3, in_china));
    assert_eq!(month[0]["coverage"], "5/5", "the one that is not on sale yet counts as nothing");
    let quarter = client.rows(&format!("{PATH}?frequency=Q&start=2024-Q3&end=2024-Q3&powertrain=NEV")).await;
    let new_energy = |codes: &[&str; 6]| in_china(codes) && ["BEV", "PHEV"].contains(&codes[5]);
    assert_eq!(quarter[0]["value"], sum(7..=9, new_energy));
    let listed = client.rows(&format!("{PATH}?frequency=M&geo=CN-BJ&model=byd--dolphin&vehicle_class=PV_CAR&powertrain=BEV&start=2024-02&end=2024-02")).await;
    assert_eq!(listed[0]["value"].as_i64(), figure(0, 2));
    assert_eq!(listed[0]["derived"], false, "the finest is as it was published");
}

#[tokio::test]
async fn codes_of_every_level_stand_beside_each_other_and_add_up() {
    let client = service().await;
    let of = |rows: &[Value], dimension: &str| -> BTreeMap<String, i64> {
        let pair =
            |row: &Value| (row[dimension].as_str().unwrap().to_owned(), row["value"].as_i64().unwrap());
        rows.iter().map(pair).collect()
    };
    let places = of(&client.rows(&format!("{PATH}?geo=CN,CN-BJ,CN-GD")).await, "geo");
    assert_eq!(places["CN"], places["CN-BJ"] + places["CN-GD"]);
    let makers = of(&client.rows(&format!("{PATH}?group_by=maker")).await, "maker");
    assert_eq!(makers.len(), 2);
    let powertrains = of(&client.rows(&format!("{PATH}?powertrain=*")).await, "powertrain");
    assert_eq!(powertrains["NEV"], powertrains["BEV"] + powertrains["PHEV"]);
    assert_eq!(powertrains["_T"], powertrains["NEV"] + powertrains["ICE"]);
    let models = client.rows(&format!("{PATH}?group_by=model,powertrain&geo=CN-BJ")).await;
    assert_eq!(
        models.len(),
        3 + 2,
        "each model by BEV or PHEV, and by NEV which they are part of: {models:?}"
    );
    let both = client.rows(&format!("{PATH}?geo=CN-BJ,JP&group_by=measure")).await;
    assert_eq!(both[0]["value"], sum(1..=12, |codes| ["CN-BJ", "JP"].contains(&codes[0])));
    assert_eq!(both[0]["geo"], "CN-BJ+JP");
    let id = both[0]["series"].as_str().unwrap();
    let again = client.get(&format!("/v1/series/{id}")).await.expect(200).json();
    assert_eq!(again["data"]["observations"][0]["value"], both[0]["value"]);
}

#[tokio::test]
async fn a_ranking_of_all_that_is_listed_is_whole() {
    let client = service().await;
    let answer =
        client.get(&format!("{PATH}?group_by=maker&top=1&other=true&transform=share")).await.expect(200);
    let shares: Vec<f64> = answer.data().iter().map(|row| row["value"].as_f64().unwrap()).collect();
    assert!(shares.len() == 2 && (shares.iter().sum::<f64>() - 100.0).abs() < 1e-9, "{shares:?}");
    assert_eq!(answer.json()["meta"]["rankings"][0]["coverage"], 100.0);
    let ranks = client.rows(&format!("{PATH}?group_by=model&transform=rank&frequency=M&last=1")).await;
    let first = ranks.iter().find(|row| row["value"] == 1).unwrap();
    assert_eq!(first["model"], "geely--galaxy-e5");
}

#[tokio::test]
async fn growth_and_pages_are_as_for_any_series() {
    let client = service().await;
    let growth = client.rows(&format!("{PATH}?frequency=M&transform=diff&start=2024-06&end=2024-06")).await;
    let in_china = |codes: &[&str; 6]| codes[0].starts_with("CN");
    assert_eq!(growth[0]["value"], sum(6..=6, in_china) - sum(5..=5, in_china));
    let everything = format!("{PATH}?geo=*&maker=*&brand=*&model=*&vehicle_class=*&powertrain=*&frequency=M");
    client.pages_add_up(&everything, 100).await;
}
