//! Dated events beside the data of a chart: what concerns a series, in its time, and how many.

use std::collections::BTreeSet;

use china_auto::http::timeseries::MOST_ANNOTATIONS;
use china_auto::ingest::Files;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::observations::pages::load;

const SALES: &str = "/v1/production?measure=sales&powertrain=NEV&start=2018&end=2023";

fn annotations(answer: &Answer) -> Vec<Value> {
    answer.json()["annotations"].as_array().unwrap_or_else(|| panic!("{}", answer.text())).clone()
}

/// Date, kind and id of each.
fn marks(answer: &Answer) -> BTreeSet<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    annotations(answer).iter().map(|a| (text(&a["date"]), text(&a["kind"]), text(&a["id"]))).collect()
}

fn mark(date: &str, kind: &str, id: &str) -> (String, String, String) {
    (date.to_owned(), kind.to_owned(), id.to_owned())
}

#[tokio::test]
async fn the_subsidies_of_new_energy_vehicles_mark_their_sales() {
    let client = Client::bundled().await;
    let answer = client.get(&format!("{SALES}&annotate=policies")).await.expect(200);
    let marks = marks(&answer);
    for expected in [
        mark("2019-03-26", "instrument_begins", "CN-NEV-2019"),
        mark("2022-12-31", "instrument_ends", "CN-NEV-2020"),
        mark("2023-06-21", "instrument_announced", "CN-VPT-2024"),
        mark("2022-01-01", "policy", "2022-passenger-cap"),
        // It names no powertrain, so it concerns all.
        mark("2018-04-01", "instrument_begins", "CN-DUALCREDIT-1"),
    ] {
        assert!(marks.contains(&expected), "{expected:?}");
    }
    // Buses with engines are no new energy vehicles, a city's quota is not the country's, and 2017 is before the data.
    for (_, _, id) in &marks {
        assert!(!["CN-BUSFUEL-2015", "CN-SH-PLATE", "CN-PRIV-2010"].contains(&id.as_str()), "{id}");
    }
    assert!(marks.iter().all(|(date, ..)| date.as_str() >= "2018" && date.as_str() < "2024"));
    // Announced on the day that it came into force, it is one moment.
    let moments = marks.iter().filter(|(date, _, id)| date == "2019-03-26" && id == "CN-NEV-2019");
    assert_eq!(moments.count(), 1);
    let dates: Vec<String> =
        annotations(&answer).iter().map(|a| a["date"].as_str().unwrap().to_owned()).collect();
    assert!(dates.is_sorted_by_key(|date| date.get(..4).map(str::to_owned)), "{dates:?}");
    let json = answer.json();
    let first = json["annotations"].as_array().unwrap().iter().find(|a| a["id"] == "CN-NEV-2019").unwrap();
    assert_eq!(first["link"], "/v1/subsidies/CN-NEV-2019");
    assert_eq!(first["concerns"], "granted by CN; it names BEV, FCEV, PHEV");
    assert_eq!((&first["geo"], &first["orgs"]), (&json!("CN"), &json!([])));
    assert!(!first["document"].as_str().unwrap().is_empty());
    assert_eq!(json["meta"]["applied"]["annotate"], "policies");
}

#[tokio::test]
async fn every_annotation_leads_to_what_it_is_of() {
    let client = Client::bundled().await;
    let path = format!("{SALES}&annotate=partnerships,policies");
    let all = annotations(&client.get(&path).await.expect(200));
    let kinds: BTreeSet<&str> = all.iter().map(|a| a["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains("partnership") && kinds.contains("instrument_begins"), "{kinds:?}");
    for annotation in all {
        let record = client.get(annotation["link"].as_str().unwrap()).await.expect(200).json();
        let record = record["data"].as_array().map_or(&record["data"], |rows| &rows[0]);
        assert_eq!(record["id"], annotation["id"], "{annotation}");
        let date = &annotation["date"];
        let dates = ["date", "announced", "effective_from", "effective_to"].map(|field| &record[field]);
        assert!(dates.contains(&date), "{annotation}");
        assert_eq!(record["document"], annotation["document"], "{annotation}");
    }
}

#[tokio::test]
async fn a_maker_is_marked_by_its_events_and_partnerships() {
    let client = Client::bundled().await;
    let path = "/v1/production?measure=sales&maker=nio&vehicle_class=*&powertrain=*&frequency=*&annotate=partnerships";
    let answer = client.get(path).await.expect(200);
    assert!(marks(&answer).contains(&mark("2022-08-23", "partnership_ends", "gac-nio")), "{}", answer.text());
    assert!(marks(&answer).iter().all(|(date, ..)| date.as_str() >= "2020"), "its figures begin in 2020");
    for annotation in annotations(&answer) {
        let orgs: Vec<&str> =
            annotation["orgs"].as_array().unwrap().iter().map(|org| org.as_str().unwrap()).collect();
        assert!(orgs.contains(&"nio"), "{annotation}");
        assert_eq!(annotation["concerns"], "about nio");
    }
    // What is below a maker in the list is in its figures; a brand or model leads to its maker.
    let byd = client
        .get("/v1/production?measure=sales&maker=byd&powertrain=NEV&frequency=*&annotate=partnerships")
        .await;
    assert!(marks(&byd).contains(&mark("2024-09", "partnership_ends", "denza")), "{}", byd.text());
    let model = "/v1/production?measure=registrations&model=nio--es6&vehicle_class=*&powertrain=*&frequency=M&annotate=partnerships";
    let model = client.get(model).await.expect(200);
    let about: Vec<Value> = annotations(&model).iter().map(|a| a["concerns"].clone()).collect();
    assert!(!about.is_empty() && about.iter().all(|why| why == "about nio"), "{about:?}");
}

#[tokio::test]
async fn cars_are_not_marked_by_what_is_for_buses_or_for_charging() {
    let client = Client::bundled().await;
    let of = async |class: &str| -> BTreeSet<String> {
        let path = format!(
            "/v1/production?measure=sales&vehicle_class={class}&powertrain=NEV&source=*&frequency=A&start=2015&end=2019&annotate=policies"
        );
        marks(&client.get(&path).await.expect(200)).into_iter().map(|(_, _, id)| id).collect()
    };
    let (cars, all) = (of("PV").await, of("_T").await);
    assert!(cars.contains("CN-NEV-2018") && !cars.contains("CN-BUSOP-2015"), "{cars:?}");
    assert!(all.contains("CN-BUSOP-2015") && !all.contains("CN-CHARGE-2016"), "{all:?}");
}

#[tokio::test]
async fn each_region_is_told_with_those_alone_that_it_has_to_do_with() {
    let client = Client::bundled().await;
    let path = "/v1/charging?geo=CN-SH,JP&access=public&source=*&frequency=*&annotate=policies&start=2014";
    let answer = client.get(path).await.expect(200);
    let why: BTreeSet<String> =
        annotations(&answer).iter().map(|a| a["concerns"].as_str().unwrap().to_owned()).collect();
    assert!(why.iter().any(|why| why.starts_with("granted by CN, above CN-SH")), "{why:?}");
    assert!(!why.iter().any(|why| why.contains("JP")), "{why:?}");
}

#[tokio::test]
async fn outlets_are_marked_by_what_pays_for_outlets() {
    let client = Client::bundled().await;
    let answer = client.get("/v1/charging?access=public&annotate=policies").await.expect(200);
    let instruments: BTreeSet<String> = marks(&answer)
        .into_iter()
        .filter(|(_, kind, _)| kind.starts_with("instrument"))
        .map(|(_, _, id)| id)
        .collect();
    assert_eq!(instruments, BTreeSet::from(["CN-CHARGE-2016".to_owned()]));
    let series = "/v1/series/production:A.sales.best.CN._T._T._T._T.NEV?annotate=policies&start=2024";
    let series = client.get(series).await.expect(200);
    assert!(marks(&series).contains(&mark("2024-01-01", "instrument_begins", "CN-VPT-2024")));
    let foreign =
        client.get("/v1/production?geo=JP&source=oica&annotate=policies,partnerships").await.expect(200);
    assert_eq!(annotations(&foreign), [json!(null); 0]);
}

#[tokio::test]
async fn of_very_many_the_latest_are_told_and_that_there_are_more() {
    let client = Client::bundled().await;
    let answer = client.get("/v1/production?annotate=partnerships,policies&last=10000").await.expect(200);
    assert_eq!(annotations(&answer).len(), MOST_ANNOTATIONS);
    assert!(answer.warnings().contains(&"annotations_cut".to_owned()));
    let told = answer.json()["warnings"].to_string();
    let first = annotations(&answer)[0]["date"].as_str().unwrap().to_owned();
    assert!(told.contains(&first), "{told}");
    let earlier = client.get("/v1/production?annotate=partnerships,policies&end=2000").await.expect(200);
    assert!(!earlier.warnings().contains(&"annotations_cut".to_owned()));
}

#[tokio::test]
async fn where_there_is_no_place_beside_the_data_it_is_refused() {
    let client = Client::bundled().await;
    for form in ["shape=array", "format=csv", "format=ndjson"] {
        let answer = client.get(&format!("{SALES}&annotate=policies&{form}")).await.expect(422);
        assert_eq!(answer.faults(), [("annotate".to_owned(), "policies".to_owned())], "{form}");
    }
    let wrong = client.get(&format!("{SALES}&annotate=policy,partnerships")).await.expect(422).json();
    assert_eq!(wrong["errors"][0]["allowed"], json!(["policies", "partnerships"]));
    assert_eq!(wrong["errors"][0]["did_you_mean"], json!(["policies"]));
    for shape in ["rows", "series", "columns"] {
        let answer = client.get(&format!("{SALES}&annotate=policies&shape={shape}")).await.expect(200);
        assert!(!annotations(&answer).is_empty(), "{shape}");
    }
    let plain = client.get(SALES).await.expect(200).json();
    assert!(plain.get("annotations").is_none(), "nobody asked for any");
    let empty = client.get("/v1/production?start=1900&end=1901&annotate=policies").await.expect(200);
    assert_eq!(annotations(&empty).len(), 0);
}

#[tokio::test]
async fn an_event_that_changes_changes_the_answer_and_its_tag() {
    let client = Client::bundled().await;
    let path = format!("{SALES}&annotate=policies");
    let (plain, before) = (client.get(SALES).await, client.get(&path).await.expect(200));
    assert_ne!(plain.header("etag"), before.header("etag"));
    client.get_with(&path, &[("if-none-match", before.header("etag"))]).await.expect(304);
    let other = client.get(&format!("{SALES}&annotate=policies,partnerships")).await.expect(200);
    assert_ne!(other.header("etag"), before.header("etag"));
    let same = client.get(&format!("{SALES}&annotate=partnerships,policies")).await.expect(200);
    assert_eq!(annotations(&same), annotations(&other));
    let events = Files::bundled()
        .text("partnerships/events.csv")
        .unwrap()
        .replace("2022-01-01,policy", "2022-01-02,policy");
    load(&client, "partnerships/events.csv", events).await;
    let after = client.get_with(&path, &[("if-none-match", before.header("etag"))]).await.expect(200);
    assert!(marks(&after).contains(&mark("2022-01-02", "policy", "2022-passenger-cap")));
    client.get_with(SALES, &[("if-none-match", plain.header("etag"))]).await.expect(304);
}

#[tokio::test]
async fn a_batch_annotates_from_the_one_state_that_it_is_read_in() {
    let client = Client::bundled().await;
    let query = json!({
        "name": "a", "dataset": "production", "measure": "sales", "powertrain": "NEV", "start": "2018", "end": "2023",
        "annotate": ["policies", "partnerships"],
    });
    let batch = client.post("/v1/query", &json!({"queries": [query]})).await.expect(200).json();
    let alone = client.get(&format!("{SALES}&annotate=policies,partnerships")).await.expect(200);
    assert_eq!(batch["data"]["a"]["answer"]["annotations"], json!(annotations(&alone)));
    let versions: Vec<&String> = batch["meta"]["versions"].as_object().unwrap().keys().collect();
    assert_eq!(versions, ["codes", "events", "partnerships", "production", "sources", "subsidies"]);
}
