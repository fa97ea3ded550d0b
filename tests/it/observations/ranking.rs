//! Rankings, shares and the rest: held against the files, and honest about what they lack.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::each;
use crate::client::Client;
use crate::files::{Row, rows};

/// The passenger cars that Gasgoo lists by maker in November 2023, without makers that are part of another one in the list.
fn listed() -> BTreeMap<String, i64> {
    let here = |row: &Row| {
        let is = |column: &str, code: &str| row[column] == code;
        is("measure", "sales")
            && is("source", "gasgoo")
            && is("period", "2023-11")
            && is("brand", "_T")
            && is("model", "_T")
            && is("vehicle_class", "PV")
            && is("powertrain", "_T")
            && row["maker"] != "_T"
    };
    let all = rows("observations/production.csv").into_iter().filter(here);
    let all: BTreeMap<String, i64> =
        all.map(|row| (row["maker"].clone(), row["value"].parse().unwrap())).collect();
    let parents: BTreeMap<String, String> =
        rows("codes/maker.csv").into_iter().map(|row| (row["code"].clone(), row["parent"].clone())).collect();
    let is_part = |maker: &String| {
        let above = std::iter::successors(parents.get(maker), |code| parents.get(*code));
        above.into_iter().any(|code| all.contains_key(code))
    };
    let apart = all.iter().filter(|(maker, _)| !is_part(maker));
    apart.map(|(maker, figure)| (maker.clone(), *figure)).collect()
}

const NOVEMBER: &str = "/v1/production?measure=sales&vehicle_class=PV&frequency=M&start=2023-11&end=2023-11";

fn values<'a>(rows: &'a [Value], dimension: &str) -> BTreeMap<&'a str, &'a Value> {
    rows.iter().map(|row| (row[dimension].as_str().unwrap(), &row["value"])).collect()
}

/// One figure in percent of another, rounded once.
#[expect(clippy::cast_precision_loss, reason = "the figures are far below 2^53")]
fn percent(part: i64, whole: i64) -> f64 {
    (part * 100) as f64 / whole as f64
}

#[tokio::test]
async fn the_makers_of_november_2023_are_a_ranking_of_nearly_all_that_was_sold() {
    let client = Client::bundled().await;
    let listed = listed();
    let national = client.rows(NOVEMBER).await[0]["value"].as_i64().unwrap();
    let answer = client.get(&format!("{NOVEMBER}&group_by=maker")).await.expect(200);
    let makers = answer.data();
    assert_eq!(values(&makers, "maker").len(), listed.len());
    for (maker, figure) in values(&makers, "maker") {
        assert_eq!(figure, listed[maker], "{maker}");
    }
    assert_eq!(each(&makers, "source"), BTreeSet::from(["gasgoo"]));
    let ranking = answer.json()["meta"]["rankings"][0].clone();
    let share = percent(listed.values().sum(), national);
    assert!((ranking["coverage"].as_f64().unwrap() - share).abs() < 1e-9 && share > 96.0 && share < 97.0);
    assert_eq!((&ranking["complete"], &ranking["source"]), (&json!(true), &json!("gasgoo")));
    assert_eq!(answer.warnings(), Vec::<String>::new());
}

#[tokio::test]
async fn the_largest_the_rest_their_shares_and_ranks_are_of_the_same_figures() {
    let client = Client::bundled().await;
    let listed = listed();
    let national = client.rows(NOVEMBER).await[0]["value"].as_i64().unwrap();
    let mut order: Vec<(&String, &i64)> = listed.iter().collect();
    order.sort_by_key(|(maker, figure)| (std::cmp::Reverse(**figure), (*maker).clone()));
    let largest: BTreeMap<&str, i64> =
        order[..5].iter().map(|(maker, figure)| (maker.as_str(), **figure)).collect();
    let rest = national - largest.values().sum::<i64>();

    let top = client.rows(&format!("{NOVEMBER}&group_by=maker&top=5&other=true")).await;
    assert_eq!(top.len(), 6);
    for (maker, figure) in values(&top, "maker") {
        let expected = if maker == "_O" { rest } else { largest[maker] };
        assert_eq!(figure, expected, "{maker}");
    }
    let other = top.iter().find(|row| row["maker"] == "_O").unwrap();
    assert_eq!((&other["derived"], &other["reason"]), (&json!(true), &json!(null)));
    assert!(other["documents"].as_array().unwrap().len() > 1, "the national figure is of another document");

    let shares = client.rows(&format!("{NOVEMBER}&group_by=maker&top=5&other=true&transform=share")).await;
    for (maker, share) in values(&shares, "maker") {
        let figure = if maker == "_O" { rest } else { largest[maker] };
        assert_eq!(share, &json!(percent(figure, national)), "{maker}");
    }
    let sum: f64 = shares.iter().map(|row| row["value"].as_f64().unwrap()).sum();
    assert!((sum - 100.0).abs() < 1e-9, "with the rest they are all: {sum}");

    let ranks = client.rows(&format!("{NOVEMBER}&group_by=maker&transform=rank")).await;
    for (maker, rank) in values(&ranks, "maker") {
        let above = listed.values().filter(|figure| **figure > listed[maker]).count();
        assert_eq!(rank.as_u64().unwrap(), above as u64 + 1, "{maker}");
    }
    let one = client.rows(&format!("{NOVEMBER}&group_by=maker&maker=geely-auto&transform=rank")).await;
    assert_eq!(one.len(), 1);
    assert_eq!(one[0]["value"], *values(&ranks, "maker")["geely-auto"], "its place is among all of them");
}

#[tokio::test]
async fn the_makers_of_2024_are_no_ranking_and_say_so() {
    let client = Client::bundled().await;
    let year = "/v1/production?measure=sales&start=2024&end=2024&group_by=maker";
    let answer = client.get(&format!("{year}&top=3&other=true")).await.expect(200);
    assert_eq!(answer.warnings(), ["incomplete_ranking"]);
    assert_eq!(answer.json()["meta"]["rankings"][0]["complete"], false);
    let other: Vec<Value> = answer.data().into_iter().filter(|row| row["maker"] == "_O").collect();
    assert_eq!(other.len(), 1);
    assert_eq!((&other[0]["value"], &other[0]["reason"]), (&json!(null), &json!("incomplete_ranking")));
    let shares = client.rows(&format!("{year}&transform=share")).await;
    assert!(shares.len() > 3);
    for row in &shares {
        assert_eq!((&row["value"], &row["reason"]), (&json!(null), &json!("incomplete_ranking")), "{row}");
    }
}

#[tokio::test]
async fn rows_by_powertrain_are_never_added_to_the_total_of_a_maker() {
    let client = Client::bundled().await;
    let all = client.rows("/v1/production?measure=sales&frequency=A&group_by=maker&source=all").await;
    let published = rows("observations/production.csv");
    for row in all.iter().filter(|row| row["derived"] == false) {
        assert_eq!(row["powertrain"], "_T");
        let stated = published.iter().any(|print| {
            ["measure", "source", "geo", "maker", "brand", "model", "vehicle_class", "powertrain", "period"]
                .iter()
                .all(|column| print[*column] == row[*column].as_str().unwrap())
                && print["value"].parse().ok() == row["value"].as_i64()
        });
        assert!(stated, "{row}");
    }
    assert!(each(&all, "maker").contains("byd"));
    let refused =
        client.get("/v1/production?measure=sales&powertrain=_T,BEV&group_by=maker").await.expect(422);
    assert_eq!(refused.json()["errors"][0]["code"], "overlap");
}

#[tokio::test]
async fn where_nobody_ranks_the_windows_that_there_are_answer() {
    let client = Client::bundled().await;
    let query = "/v1/production?measure=sales&vehicle_class=PV&group_by=maker";
    let answer = client.get(&format!("{query}&start=2024&end=2024")).await.expect(422).json();
    assert_eq!(answer["errors"][0]["code"], "no_ranking");
    let windows = answer["errors"][0]["allowed"].as_array().unwrap();
    assert!(!windows.is_empty(), "{answer}");
    for window in windows {
        let rows = client.rows(&format!("{query}&{}", window.as_str().unwrap())).await;
        assert!(!rows.is_empty(), "{window}");
    }
    let nothing = client.get("/v1/production?measure=stock&group_by=maker&start=2020").await.expect(200);
    assert_eq!(nothing.warnings(), ["no_data"]);
}

#[tokio::test]
async fn the_share_of_a_class_or_powertrain_is_of_the_total_of_the_same_source() {
    let client = Client::bundled().await;
    let query = "/v1/production?measure=sales&frequency=A";
    let total = client.rows(&format!("{query}&source=all")).await;
    let new_energy = client.rows(&format!("{query}&powertrain=NEV")).await;
    let shares = client.rows(&format!("{query}&powertrain=NEV&group_by=powertrain&transform=share")).await;
    assert_eq!(new_energy.len(), shares.len());
    let mut computed = 0;
    for (figure, share) in new_energy.iter().zip(&shares).filter(|(_, share)| share["reason"].is_null()) {
        let whole = |row: &&Value| row["coverage"].as_str().is_none_or(|coverage| coverage == "12/12");
        let same = |row: &&Value| row["period"] == figure["period"] && row["source"] == share["source"];
        if let Some(of) = total.iter().filter(whole).find(same).and_then(|row| row["value"].as_i64()) {
            let figure = figure["value"].as_i64().unwrap();
            assert_eq!(share["value"], json!(percent(figure, of)), "{share}");
            computed += 1;
        }
    }
    assert!(computed > 10, "{computed}");
    let of_new_energy = client
        .rows("/v1/production?measure=sales&source=iea&vehicle_class=PV&powertrain=children:NEV&group_by=powertrain&transform=share&start=2022&end=2022")
        .await;
    let sum: f64 = of_new_energy.iter().map(|row| row["value"].as_f64().unwrap()).sum();
    assert!(of_new_energy.len() == 3 && (sum - 100.0).abs() < 1e-9, "{of_new_energy:?}");
}

#[tokio::test]
async fn a_ranking_comes_in_pages_and_in_every_form() {
    let client = Client::bundled().await;
    for query in [
        format!("{NOVEMBER}&group_by=maker&top=7&other=true"),
        "/v1/production?measure=sales&group_by=maker&frequency=M&source=all&start=2023".to_owned(),
        "/v1/charging?access=public&group_by=operator&frequency=M".to_owned(),
    ] {
        client.pages_add_up(&query, 3).await;
        client.formats_agree(&query.replace("&other=true", "")).await;
    }
}
