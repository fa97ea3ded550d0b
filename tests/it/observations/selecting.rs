//! What is selected: dimensions, frequencies, time.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::published::days;
use super::{each, figures};
use crate::client::Client;
use crate::files::rows;

#[tokio::test]
async fn what_is_not_named_stands_at_its_default_and_what_is_named_stays_apart() {
    let client = Client::bundled().await;
    let answer = client
        .get("/v1/production?measure=sales,production&powertrain=NEV,BEV&source=caam")
        .await
        .expect(200);
    let rows = answer.data();
    let apart: BTreeSet<_> =
        rows.iter().map(|row| (row["measure"].to_string(), row["powertrain"].to_string())).collect();
    assert_eq!(apart.len(), 4, "each measure with each powertrain: {apart:?}");
    assert!(
        rows.iter().all(|row| row["geo"] == "CN" && row["vehicle_class"] == "_T" && row["maker"] == "_T")
    );
    let applied = &answer.json()["meta"]["applied"];
    let told = ["measure", "geo", "maker", "powertrain", "source", "frequency"].map(|name| &applied[name]);
    assert_eq!(json!(told), json!(["sales,production", "CN", "_T", "NEV,BEV", "caam", "A"]));
}

#[tokio::test]
async fn units_of_several_measures_are_told_apart() {
    let client = Client::bundled().await;
    let json = client.get("/v1/charging?measure=outlets,energy_kwh&access=public").await.expect(200).json();
    assert_eq!(json["meta"]["unit"], json!(null));
    assert_eq!(json["meta"]["units"], json!({"outlets": "outlets", "energy_kwh": "kWh"}));
}

#[tokio::test]
async fn a_brand_or_a_model_opens_the_levels_above_it() {
    let client = Client::bundled().await;
    let model = "/v1/production?model=tesla--model-y&measure=registrations&frequency=M&powertrain=BEV&vehicle_class=PV";
    let rows = client.get(model).await.expect(200).data();
    assert_eq!(rows.len(), 62);
    assert_eq!((each(&rows, "maker"), each(&rows, "brand")), (["tesla"].into(), ["tesla"].into()));
    let brand = client
        .get("/v1/production?brand=audi&measure=*&vehicle_class=*&powertrain=*&frequency=*&source=all")
        .await
        .expect(200)
        .data();
    let of_file = makers_of("audi");
    assert_eq!(each(&brand, "maker"), of_file.iter().map(String::as_str).collect());
    assert_eq!(each(&brand, "model"), ["_T"].into());
    let pinned = client.get(&format!("{model}&maker=_T")).await.expect(200);
    assert_eq!((pinned.data().len(), pinned.warnings()), (0, vec!["no_data".to_owned()]));
}

/// The makers that the files name beside a brand, where no model is named.
fn makers_of(brand: &str) -> BTreeSet<String> {
    let rows = rows("observations/production.csv").into_iter();
    rows.filter(|row| row["brand"] == brand && row["model"] == "_T").map(|row| row["maker"].clone()).collect()
}

#[tokio::test]
async fn every_code_and_the_level_below_can_be_asked_for() {
    let client = Client::bundled().await;
    let geo = rows("codes/geo.csv");
    let provinces = client
        .get("/v1/charging?geo=children:CN&access=public&measure=outlets&frequency=*")
        .await
        .expect(200);
    let data = provinces.data();
    let found = each(&data, "geo");
    assert!(
        found.len() > 10
            && found.iter().all(|code| geo.iter().any(|g| g["code"] == *code && g["parent"] == "CN"))
    );
    assert_eq!(provinces.json()["meta"]["applied"]["geo"], "children:CN");
    let world = client.rows("/v1/charging?geo=*&access=public&current=AC&frequency=A&source=iea").await;
    assert!(each(&world, "geo").len() > 30);
    let mixed = client
        .get("/v1/production?powertrain=children:NEV,NEV&measure=sales&source=iea&vehicle_class=PV")
        .await
        .expect(200);
    let mixed_rows = mixed.data();
    assert_eq!(each(&mixed_rows, "powertrain"), ["BEV", "FCEV", "NEV", "PHEV"].into());
    let (sums, parts): (Vec<_>, Vec<_>) = mixed_rows.iter().partition(|row| row["powertrain"] == "NEV");
    for sum in sums {
        let parts = parts.iter().filter(|row| row["period"] == sum["period"]);
        let parts: i64 = parts.map(|row| row["value"].as_i64().unwrap()).sum();
        assert_eq!(json!([sum["value"], sum["derived"], sum["coverage"]]), json!([parts, true, "3/3"]));
    }
    assert_eq!(mixed.json()["meta"]["applied"]["powertrain"], "children:NEV,NEV");
}

#[tokio::test]
async fn frequencies_stay_apart_and_what_is_converted_says_so() {
    let client = Client::bundled().await;
    let query = "/v1/production?measure=sales&source=caam";
    let of = async |frequency: &str| {
        let rows = client.rows(&format!("{query}&frequency={frequency}")).await;
        assert!(frequency == "*" || rows.iter().all(|row| row["frequency"] == frequency));
        rows
    };
    let (a, q, m, all) = (of("A").await, of("Q").await, of("M").await, of("*").await);
    let published = |rows: &[Value]| -> Vec<Value> {
        rows.iter().filter(|row| row["derived"] == false).cloned().collect()
    };
    let counts = [&a, &q, &m].map(|rows| published(rows).len());
    assert!(counts[0] > 10 && counts[1] > 3 && counts[2] > 60, "{counts:?}");
    assert_eq!(all, [&a, &m, &q].map(|rows| published(rows)).concat(), "`*` converts none");
    for row in a.iter().chain(&q).filter(|row| row["derived"] == true) {
        let of = row["coverage"].as_str().unwrap().split_once('/').unwrap().1;
        let finer = if of == "4" { "Q" } else { "M" };
        assert_eq!(of, if row["frequency"] == "Q" { "3" } else { ["4", "12"][usize::from(finer == "M")] });
        let (first, last) = days(row["period"].as_str().unwrap());
        let within = all.iter().filter(|part| part["frequency"] == finer).filter(|part| {
            let (begins, ends) = days(part["period"].as_str().unwrap());
            begins >= first && ends <= last
        });
        let values: Vec<i64> = within.map(|part| part["value"].as_i64().unwrap()).collect();
        let told = json!([row["value"], row["coverage"]]);
        assert_eq!(told, json!([values.iter().sum::<i64>(), format!("{}/{of}", values.len())]), "{row}");
        assert!(!all.iter().any(|one| one["period"] == row["period"]), "the source publishes it: {row}");
    }
    assert_eq!(client.rows(query).await, a, "without a word it is the year");
    let charging = client.get("/v1/charging?access=public").await.expect(200).data();
    assert_eq!(each(&charging, "frequency"), ["M"].into());
    assert_eq!(client.rows(&format!("{query}&frequency=Q,A")).await, [a, q].concat());
}

#[tokio::test]
async fn a_frequency_that_a_dataset_publishes_nothing_at_is_converted_from_finer_ones() {
    let client = Client::bundled().await;
    let of = |frequency: &str| format!("/v1/charging?access=public&source=evcipa&frequency={frequency}");
    let months = client.rows(&of("M")).await;
    let quarters = client.rows(&of("Q")).await;
    assert!(!quarters.is_empty());
    for row in &quarters {
        let last = days(row["period"].as_str().unwrap()).1;
        let same = months.iter().find(|month| days(month["period"].as_str().unwrap()).1 == last).unwrap();
        assert_eq!((&row["value"], &row["derived"]), (&same["value"], &json!(true)), "{row}");
    }
    client.get("/v1/charging/series?frequency=Q").await.expect(422);
}

#[tokio::test]
async fn a_window_holds_the_periods_of_every_frequency_that_lie_in_it() {
    let client = Client::bundled().await;
    let all = client.rows("/v1/production?measure=sales&source=caam&frequency=*").await;
    for (start, end) in [("2019", "2020"), ("2020-Q2", "2021-06"), ("2020-02", "2020-12"), ("2019-12-31", "")]
    {
        let query = format!("/v1/production?measure=sales&source=caam&frequency=*&start={start}&end={end}");
        if start.len() == 10 {
            client.get(&query).await.expect(422).problem("invalid_parameter");
            continue;
        }
        let (first, last) = (days(start).0, days(end).1);
        let within = all.iter().filter(|row| {
            let (begins, ends) = days(row["period"].as_str().unwrap());
            begins >= first && ends <= last
        });
        let within: Vec<_> = within.cloned().collect();
        assert!(!within.is_empty());
        assert_eq!(client.rows(&query).await, within, "{query}");
    }
    let open = client.rows("/v1/production?start=2024").await;
    assert_eq!(each(&open, "period"), ["2024", "2025", "2026"].into());
}

#[tokio::test]
async fn last_takes_the_latest_figures_of_each_series_within_the_window() {
    let client = Client::bundled().await;
    let query = "/v1/production?measure=production,sales&source=oica&end=2020";
    let all = client.rows(query).await;
    let answer = client.get(&format!("{query}&last=3")).await.expect(200);
    let mut expected = Vec::new();
    for measure in ["production", "sales"] {
        let of: Vec<_> = all.iter().filter(|row| row["measure"] == measure).cloned().collect();
        expected.extend(of[of.len() - 3..].to_vec());
    }
    assert_eq!(answer.data(), expected);
    assert_eq!(answer.json()["meta"]["complete"], true);
    let one = client.get("/v1/production?last=1").await.expect(200).data();
    assert_eq!(figures(&one), [("2026", 2_450_000)]);
    let whole = client.get("/v1/production?last=1&partial=drop").await.expect(200).data();
    assert_eq!(figures(&whole), [("2025", 34_531_000)]);
}

#[tokio::test]
async fn known_codes_without_figures_are_an_empty_answer_that_says_where_figures_are() {
    let client = Client::bundled().await;
    for (query, hint) in [
        ("/v1/charging?geo=US", "figures with frequency=A&access=public&current="),
        ("/v1/charging?geo=US&access=public&current=AC", "figures with frequency=A"),
        ("/v1/production?geo=NO", "figures with measure=s"),
        ("/v1/production?start=2150", "none for this time"),
        ("/v1/production?as_of=1950", "none that was known by then"),
        ("/v1/series/production:A.production.oica.CN._T._T._T._T._T?start=2150", "none for this time"),
        (
            "/v1/production?measure=production&geo=CN&maker=_T&brand=_T&model=_T&vehicle_class=_T&powertrain=_T&frequency=A&start=2150",
            "none for this time",
        ),
    ] {
        let answer = client.get(query).await.expect(200);
        let json = answer.json();
        let rows = json["data"].as_array().or(json["data"]["observations"].as_array());
        assert!(rows.is_some_and(Vec::is_empty), "{query}: {json}");
        assert_eq!(answer.warnings(), ["no_data"], "{query}");
        let detail = json["warnings"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(hint), "{query}: {detail}");
        assert_eq!(
            (&json["meta"]["coverage"]["observations"], &json["meta"]["complete"]),
            (&json!(0), &json!(true))
        );
        if let Some((_, named)) = detail.split_once("there are figures with ") {
            let there = client.get(&format!("{query}&{named}")).await.expect(200);
            assert!(!there.data().is_empty(), "the hint is wrong: {query}&{named}");
        }
    }
    let nowhere = client.get("/v1/production?measure=exports&geo=NO&powertrain=ICE").await.expect(200);
    assert!(!nowhere.text().contains("there are figures"), "{}", nowhere.text());
}

#[tokio::test]
async fn a_list_of_nothing_counts_as_not_given() {
    let client = Client::bundled().await;
    let rows = client.rows("/v1/production").await;
    for empty in ["source=,", "frequency=,", "maker=", "geo=,,"] {
        assert_eq!(client.rows(&format!("/v1/production?{empty}")).await, rows, "{empty}");
    }
}
