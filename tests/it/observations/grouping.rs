//! What is kept apart and what is summed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::each;
use crate::client::Client;
use crate::files::rows;

/// The values of rows by period; null where there is none.
fn by_period(rows: &[Value]) -> BTreeMap<&str, &Value> {
    rows.iter().map(|row| (row["period"].as_str().unwrap(), &row["value"])).collect()
}

#[tokio::test]
async fn codes_of_a_dimension_that_is_not_kept_apart_are_summed_to_the_last_vehicle() {
    let client = Client::bundled().await;
    for (path, dimension, codes, absent_is_zero) in [
        ("/v1/production?measure=sales&frequency=M&source=caam", "powertrain", ["BEV", "PHEV"], false),
        ("/v1/production?measure=sales&source=iea&vehicle_class=PV", "powertrain", ["BEV", "FCEV"], true),
        ("/v1/production?source=oica&geo=JP", "vehicle_class", ["PV", "CV"], false),
        ("/v1/charging?frequency=M&source=evcipa&access=public", "current", ["AC", "DC"], false),
        ("/v1/charging?frequency=M&source=evcipa", "access", ["public", "private"], false),
    ] {
        let of = |code: &str| format!("{path}&{dimension}={code}");
        let parts = [client.rows(&of(codes[0])).await, client.rows(&of(codes[1])).await];
        let sums = client.rows(&format!("{path}&{dimension}={}&group_by=measure", codes.join(","))).await;
        let (one, other) = (by_period(&parts[0]), by_period(&parts[1]));
        let mut both = 0;
        for row in &sums {
            let period = row["period"].as_str().unwrap();
            let figure = |part: &BTreeMap<&str, &Value>| {
                let stated = part.get(period).and_then(|value| value.as_i64());
                stated.or(absent_is_zero.then_some(0))
            };
            let expected = figure(&one).zip(figure(&other)).map(|(one, other)| one + other);
            both += usize::from(expected.is_some());
            assert_eq!(row["value"].as_i64(), expected, "{path} {row}");
            let told = if expected.is_some() { ("2/2", json!(null)) } else { ("1/2", json!("parts")) };
            assert_eq!((row["coverage"].as_str().unwrap(), &row["reason"]), (told.0, &told.1), "{row}");
            assert_eq!((&row[dimension], &row["derived"]), (&json!(codes.join("+")), &json!(true)));
        }
        let either: BTreeSet<&&str> = one.keys().chain(other.keys()).collect();
        assert_eq!(sums.len(), either.len(), "no period is lost: {path}");
        assert!(both > 0, "{path}");
    }
}

#[tokio::test]
async fn a_sum_is_a_series_of_its_own_with_a_key_and_a_name() {
    let client = Client::bundled().await;
    let query = "/v1/charging?access=public,private&frequency=A&group_by=measure&shape=series";
    let answer = client.get(query).await.expect(200);
    let series = &answer.data()[0];
    let id = series["id"].as_str().unwrap();
    assert_eq!(id, "charging:A.outlets.best.CN._T.public+private._T");
    assert!(series["title"].as_str().unwrap().contains("Public + Private"), "{}", series["title"]);
    assert_eq!(answer.json()["meta"]["names"]["access"]["public+private"], "Public + Private");
    let again = client.get(&format!("/v1/series/{id}")).await.expect(200).json();
    assert_eq!(again["data"]["observations"], series["observations"]);
    let none = client.get(&format!("/v1/series/{id}?start=2090")).await.expect(200);
    assert_eq!(none.warnings(), ["no_data"]);
    client.get("/v1/series/charging:A.outlets.best.CN._T.public+public._T").await.expect(404);
    client.get("/v1/series/production:A.sales.best.CN.byd+tesla._T._T._T._T").await.expect(404);
}

#[tokio::test]
async fn sums_over_two_dimensions_are_sums_of_whole_sums() {
    let client = Client::bundled().await;
    let path = "/v1/production?measure=sales&frequency=A&source=iea&start=2022&end=2022";
    let apart = client.rows(&format!("{path}&vehicle_class=PV,CV_BUS&powertrain=BEV,PHEV")).await;
    let whole =
        client.rows(&format!("{path}&vehicle_class=PV,CV_BUS&powertrain=BEV,PHEV&group_by=measure")).await;
    assert_eq!((apart.len(), whole.len()), (4, 1));
    let sum: i64 = apart.iter().map(|row| row["value"].as_i64().unwrap()).sum();
    assert_eq!(whole[0]["value"], sum);
    let by_class = client
        .rows(&format!("{path}&vehicle_class=PV,CV_BUS&powertrain=BEV,PHEV&group_by=vehicle_class"))
        .await;
    assert_eq!(each(&by_class, "vehicle_class").into_iter().collect::<Vec<_>>(), ["CV_BUS", "PV"]);
    assert_eq!(by_class.iter().map(|row| row["value"].as_i64().unwrap()).sum::<i64>(), sum);
}

#[tokio::test]
async fn a_past_sum_counts_what_came_late_of_its_parts_once() {
    let client = Client::bundled().await;
    let late = async |query: &str| {
        let answer = client.get(&format!("/v1/production?as_of=2023&{query}")).await.expect(200);
        let late = answer.json()["meta"]["coverage"]["late"].as_u64().unwrap();
        assert_eq!(answer.warnings().contains(&"vintage_incomplete".to_owned()), late > 0, "{query}");
        late
    };
    let japan = "source=oica&geo=JP";
    let parts = late(&format!("{japan}&vehicle_class=PV,CV")).await;
    assert!(parts > 0);
    assert_eq!(late(&format!("{japan}&vehicle_class=PV,CV&group_by=measure")).await, parts);
    assert_eq!(late(japan).await, parts, "the total is made of the same figures");
    assert_eq!(late(&format!("{japan}&vehicle_class=*")).await, parts, "each is told of once");
}

#[tokio::test]
async fn what_is_kept_apart_is_opened_to_its_codes_or_its_level() {
    let client = Client::bundled().await;
    let kinds = |kind: &str| {
        let all = rows("codes/geo.csv").into_iter().filter(|row| row["kind"] == kind);
        all.map(|row| row["code"].clone()).collect::<Vec<_>>()
    };
    let open = client.rows("/v1/production?measure=production&group_by=geo:country&source=oica").await;
    let countries = each(&open, "geo");
    assert!(
        countries.len() > 20 && countries.iter().all(|code| kinds("country").contains(&(*code).to_owned()))
    );
    let provinces = client.rows("/v1/production?group_by=geo").await;
    let same = client.rows("/v1/production?group_by=geo:province").await;
    assert!(!provinces.is_empty() && provinces == same, "geo opens to the provinces");
    assert!(each(&same, "geo").iter().all(|code| kinds("province").contains(&(*code).to_owned())));
    let powertrains = client.rows("/v1/production?measure=sales&group_by=powertrain&source=caam").await;
    assert!(each(&powertrains, "powertrain").contains("NEV"));
    assert!(!each(&powertrains, "powertrain").contains("_T"), "a total is no group");
    let listed = client.rows("/v1/production?measure=sales&group_by=powertrain&powertrain=NEV,BEV").await;
    let apart = client.rows("/v1/production?measure=sales&powertrain=NEV,BEV").await;
    assert_eq!(listed, apart, "codes that are listed may overlap: they are kept apart");
}

#[tokio::test]
async fn an_empty_answer_says_what_is_there_of_what_is_kept_apart() {
    let client = Client::bundled().await;
    let answer = client.get("/v1/charging?group_by=operator&top=3").await.expect(200).json();
    let told = answer["warnings"][0]["detail"].as_str().unwrap();
    assert!(told.contains("access=public"), "{told}");
}

#[tokio::test]
async fn what_has_no_exact_sum_is_refused_with_what_is_possible() {
    let client = Client::bundled().await;
    for (query, parameter, code, told) in [
        ("production?maker=byd,tesla&group_by=measure", "maker", "not_additive", "name maker in group_by"),
        ("production?geo=children:CN&group_by=measure", "geo", "not_additive", "name geo in group_by"),
        ("production?geo=CN-BJ,CN-SH&group_by=powertrain", "geo", "not_additive", "no source declares"),
        ("production?powertrain=NEV,BEV&group_by=maker", "powertrain", "overlap", "NEV and BEV overlap"),
        ("production?powertrain=EREV,PHEV&group_by=maker", "powertrain", "overlap", "PHEV and EREV overlap"),
        ("production?vehicle_class=_T,PV&group_by=maker", "vehicle_class", "overlap", "_T and PV overlap"),
        ("production?powertrain=*&group_by=maker", "powertrain", "overlap", "every code"),
        ("production?geo=CN,CN-BJ&group_by=measure", "geo", "overlap", "CN and CN-BJ overlap"),
    ] {
        let answer = client.get(&format!("/v1/{query}")).await.expect(422);
        answer.problem("invalid_parameter");
        let faults = answer.json()["errors"].as_array().unwrap().clone();
        assert_eq!(faults.len(), 1, "{query}: {faults:?}");
        assert_eq!(
            (&faults[0]["parameter"], &faults[0]["code"]),
            (&json!(parameter), &json!(code)),
            "{query}"
        );
        assert!(faults[0]["detail"].as_str().unwrap().contains(told), "{query}: {}", faults[0]["detail"]);
    }
    let possible =
        client.get("/v1/production?vehicle_class=PV_SUV,PV_MPV&group_by=maker").await.expect(422).json();
    assert!(possible["errors"][0]["allowed"].as_array().unwrap().contains(&json!("PV,CV")), "{possible}");
}

#[tokio::test]
async fn unknown_dimensions_and_levels_are_told_with_those_there_are() {
    let client = Client::bundled().await;
    for (query, value, allowed) in [
        ("group_by=foo", "foo", json!("powertrain")),
        ("group_by=operator", "operator", json!("maker")),
        ("group_by=maker:grop", "maker:grop", json!("maker:group")),
        ("group_by=powertrain:kind", "powertrain:kind", json!(null)),
        ("group_by=maker,maker:group", "maker:group", json!(null)),
        ("group_by=geo:province&geo=CN", "CN", json!(null)),
        ("group_by=maker&maker=_T,byd&top=1", "_T", json!(null)),
        ("group_by=geo&geo=CN,CN-GD&transform=share", "CN", json!(null)),
        ("group_by=geo:country&transform=share", "share", json!(null)),
        ("group_by=maker:group&maker=children:volkswagen-group", "audi", json!(null)),
    ] {
        let answer = client.get(&format!("/v1/production?{query}")).await.expect(422).json();
        let faults = answer["errors"].as_array().unwrap();
        assert_eq!((faults.len(), &faults[0]["value"]), (1, &json!(value)), "{query}: {answer}");
        let listed = faults[0]["allowed"].as_array().is_none_or(|all| all.contains(&allowed));
        assert!(listed, "{query}: {answer}");
    }
    let all =
        client.get("/v1/production?group_by=foo,maker:x&top=0&other=true&transform=rank").await.expect(422);
    let told: Vec<String> = all.faults().into_iter().map(|(_, value)| value).collect();
    assert_eq!(told, ["foo", "maker:x", "0"], "what only follows from these is not told");
}
