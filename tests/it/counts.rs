//! Partnerships by year: against the rows of the files, and each way to ask.

use serde_json::{Value, json};

use crate::client::Client;
use crate::files::{Row, rows};

/// The year of a date as printed; `None` where there is none.
fn year(date: &str) -> Option<i32> {
    date.get(..4).map(|year| year.parse().unwrap())
}

/// When a partnership began and ended, where that is known.
fn life(row: &Row) -> Option<(i32, Option<i32>)> {
    let is_plan = row["status"] == "announced" && row["effective_from"].is_empty();
    let is_lost = row["status"] == "ended" && row["effective_to"].is_empty();
    let began = if row["effective_from"].is_empty() { &row["announced"] } else { &row["effective_from"] };
    (!is_plan && !is_lost).then(|| Some((year(began)?, year(&row["effective_to"])))).flatten()
}

#[tokio::test]
async fn counts_are_those_of_the_files() {
    let client = Client::bundled().await;
    let partnerships = rows("partnerships/partnerships.csv");
    for kind in ["joint_venture", "equity_stake", "licensing"] {
        let lives: Vec<_> = partnerships.iter().filter(|row| row["kind"] == kind).filter_map(life).collect();
        let path = format!("/v1/partnerships/counts?kind={kind}&group_by=kind");
        let counted = client.get(&path).await.expect(200).data();
        assert_eq!(
            counted[0]["period"],
            lives.iter().map(|life| life.0).min().unwrap().to_string(),
            "{kind}"
        );
        for row in counted {
            let at: i32 = row["period"].as_str().unwrap().parse().unwrap();
            let expected = lives.iter().filter(|(began, ended)| match row["measure"].as_str().unwrap() {
                "active" => *began <= at && ended.is_none_or(|ended| ended > at),
                "started" => *began == at,
                _ => *ended == Some(at),
            });
            assert_eq!((&row["value"], &row["kind"]), (&json!(expected.count()), &json!(kind)), "{row}");
        }
    }
    let answer = client.get("/v1/partnerships/counts").await.expect(200);
    let lacking = partnerships.iter().filter(|row| life(row).is_none()).count();
    let json = answer.json();
    assert!(json["warnings"][0]["detail"].as_str().unwrap().starts_with(&format!("{lacking} partnerships")));
    assert_eq!(answer.warnings(), ["not_counted"]);
}

#[tokio::test]
async fn the_stock_changes_by_what_began_and_ended() {
    let client = Client::bundled().await;
    let of = async |query: &str| -> Vec<i64> {
        let rows = client.get(&format!("/v1/partnerships/counts?{query}")).await.expect(200).data();
        rows.iter().map(|row| row["value"].as_i64().unwrap()).collect()
    };
    let changes = of("measure=active&transform=diff&start=1990").await;
    let (started, ended) = (of("measure=started&start=1990").await, of("measure=ended&start=1990").await);
    assert!(changes.len() > 30);
    let expected: Vec<i64> = started.iter().zip(&ended).map(|(more, less)| more - less).collect();
    assert_eq!(changes, expected);
}

#[tokio::test]
async fn a_country_is_where_a_member_comes_from_and_countries_overlap() {
    let client = Client::bundled().await;
    let german = client.get("/v1/partnerships/counts?measure=started&country=DE").await.expect(200).data();
    let listed = client.rows("/v1/partnerships?country=DE").await.len();
    let counted: i64 = german.iter().map(|row| row["value"].as_i64().unwrap()).sum();
    let lacking = client.get("/v1/partnerships/counts?country=DE").await.expect(200).json();
    let lacking = lacking["warnings"][0]["detail"]
        .as_str()
        .map_or(0, |detail| detail.split(' ').next().unwrap().parse().unwrap());
    assert_eq!(usize::try_from(counted).unwrap() + lacking, listed);
    let apart = client.get("/v1/partnerships/counts?measure=started&group_by=country").await.expect(200);
    assert!(apart.warnings().contains(&"not_additive".to_owned()));
    let of = |country: &str| -> i64 {
        let rows = apart.data();
        rows.iter().filter(|row| row["country"] == country).map(|row| row["value"].as_i64().unwrap()).sum()
    };
    assert_eq!(of("DE"), counted);
    assert!(of("CN") > 0 && of("JP") > 0);
}

#[tokio::test]
async fn shapes_hold_the_same_and_shares_are_of_the_whole() {
    let client = Client::bundled().await;
    let path = "/v1/partnerships/counts?measure=active&group_by=kind&start=2020&end=2022";
    let rows = client.get(path).await.expect(200).data();
    let series = client.get(&format!("{path}&shape=series")).await.expect(200).data();
    let columns = client.get(&format!("{path}&shape=columns")).await.expect(200).data();
    let values = |of: &[Value]| -> Vec<Value> { of.iter().map(|row| row["value"].clone()).collect() };
    let flat: Vec<Value> =
        series.iter().flat_map(|one| values(one["observations"].as_array().unwrap())).collect();
    assert_eq!(values(&rows), flat);
    let flat: Vec<Value> = columns.iter().flat_map(|one| one["value"].as_array().unwrap().clone()).collect();
    assert_eq!(values(&rows), flat);
    assert_eq!(columns[0]["period"], json!(["2020", "2021", "2022"]));
    let table = client.get(&format!("{path}&format=csv")).await.expect(200).csv();
    assert_eq!(table.len(), rows.len());
    let shares = client.get(&format!("{path}&transform=share")).await.expect(200).data();
    let sum: f64 =
        shares.iter().filter(|row| row["period"] == "2021").map(|row| row["value"].as_f64().unwrap()).sum();
    assert!((sum - 100.0).abs() < 1e-9 && shares[0]["unit"] == "percent");
    let last =
        client.get("/v1/partnerships/counts?measure=ended&last=2&transform=ma:3").await.expect(200).data();
    assert_eq!(last.len(), 2);
    let base = client
        .get("/v1/partnerships/counts?measure=active&transform=index:2020&start=2020&end=2020")
        .await
        .expect(200);
    assert_eq!(base.data()[0]["value"].as_f64(), Some(100.0));
    client.revalidates(path).await;
}

#[tokio::test]
async fn what_cannot_be_counted_is_refused() {
    let client = Client::bundled().await;
    let path = "/v1/partnerships/counts?measure=activ&group_by=role&kind=jv&transform=rank&start=2020&end=2019&fill=null";
    let answer = client.get(path).await.expect(422);
    let told: Vec<String> = answer.faults().into_iter().map(|(parameter, _)| parameter).collect();
    assert_eq!(told, ["measure", "group_by", "kind", "transform", "end", "fill"]);
    for transform in ["ytd", "index:2020-Q1", "ma:1"] {
        client
            .get(&format!("/v1/partnerships/counts?transform={transform}"))
            .await
            .expect(422)
            .problem("invalid_parameter");
    }
    let none = client.get("/v1/partnerships/counts?start=2150").await.expect(200);
    assert_eq!(none.data(), [json!(null); 0]);
    assert!(none.warnings().contains(&"no_data".to_owned()));
    assert!(Client::empty().await.get("/v1/partnerships/counts").await.expect(200).data().is_empty());
}
