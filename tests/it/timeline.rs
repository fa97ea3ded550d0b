//! The lives of organizations: what is known to be true, every date of the files, and each way to ask.

use serde_json::{Value, json};

use crate::client::Client;
use crate::files::{Row, rows};

#[tokio::test]
async fn the_life_of_a_venture_is_told_in_order_with_its_documents() {
    let client = Client::bundled().await;
    let life = client.rows("/v1/organizations/bmw-brilliance/timeline").await;
    let shown: Vec<Value> = life
        .iter()
        .map(|e| json!([e["date"], e["kind"], e["member"], e["equity_percent_before"], e["equity_percent"]]))
        .collect();
    let expected = json!([
        ["2003-05", "founded", null, null, null],
        ["2003-05", "announced", null, null, null],
        ["2003-05", "began", null, null, null],
        ["2003-05", "stake_began", "bmw", null, 50],
        ["2003-05", "stake_began", "brilliance-china", null, 40.5],
        ["2003-05", "stake_began", "shenyang-government", null, 9.5],
        ["2003-05", "event", null, null, null],
        ["2018-10", "event", null, null, null],
        ["2022-02-11", "stake_changed", "bmw", 50, 75],
        ["2022-02-11", "stake_changed", "brilliance-china", 40.5, 25],
        ["2022-02-11", "stake_ended", "shenyang-government", 9.5, null],
        ["2022-02-11", "event", null, null, null]
    ]);
    assert_eq!(json!(shown), expected);
    assert!(life.iter().all(|entry| entry["document"].is_string()));
    // What it takes part in, what is held in it, and roles without a share.
    let volvo =
        client.rows("/v1/organizations/volvo-cars/timeline?kind=stake_began,stake_ended,joined").await;
    let shown: Vec<Value> =
        volvo.iter().take(3).map(|e| json!([e["date"], e["kind"], e["member"]])).collect();
    let expected = json!([
        ["1999", "stake_began", "ford"],
        ["2010-08-02", "stake_began", "geely-holding"],
        ["2010-08-02", "stake_ended", "ford"]
    ]);
    assert_eq!(json!(shown), expected);
    assert!(volvo.iter().any(|entry| entry["kind"] == "joined" && entry["role"] == "supplier"));
    let psa = client.rows("/v1/organizations/psa/timeline").await;
    assert_eq!(psa.iter().filter(|entry| entry["kind"] == "dissolved").count(), 1);
    // What is of no known date is at the end.
    let gm = client.rows("/v1/organizations/general-motors/timeline").await;
    assert_eq!(
        (&gm.last().unwrap()["date"], &gm.last().unwrap()["partnership"]),
        (&Value::Null, &json!("jinbei-gm"))
    );
}

#[tokio::test]
async fn every_life_has_every_date_that_its_rows_print() {
    let client = Client::bundled().await;
    let (members, events) = (rows("partnerships/members.csv"), rows("partnerships/events.csv"));
    for organization in rows("partnerships/organizations.csv") {
        let id = &organization["org_id"];
        let life = client.rows(&format!("/v1/organizations/{id}/timeline")).await;
        let has = |kind: &str, date: &str| life.iter().any(|e| e["kind"] == kind && e["date"] == date);
        for kind in ["founded", "dissolved"] {
            assert!(organization[kind].is_empty() || has(kind, &organization[kind]), "{id} {kind}");
        }
        let holds =
            |row: &&Row| &row["org_id"] == id && ["parent", "investor"].contains(&row["role"].as_str());
        for row in members.iter().filter(holds) {
            let found = life.iter().any(|entry| {
                let is_stake = entry["kind"] == "stake_began" || entry["kind"] == "stake_changed";
                is_stake
                    && entry["member"] == id.as_str()
                    && entry["partnership"] == row["partnership_id"].as_str()
                    && entry["date"].as_str().unwrap_or_default() == row["valid_from"]
            });
            assert!(found, "{id} {row:?}");
        }
        let named = events.iter().filter(|event| event["orgs"].split(';').any(|org| org == id)).count();
        assert_eq!(life.iter().filter(|entry| entry["kind"] == "event").count(), named, "{id}");
        let dates: Vec<&str> = life.iter().map(|entry| entry["date"].as_str().unwrap_or("~")).collect();
        assert!(dates.is_sorted(), "{id}");
    }
}

#[tokio::test]
async fn lives_are_filtered_paged_and_come_in_every_format() {
    let client = Client::bundled().await;
    let path = "/v1/organizations/toyota/timeline";
    client.formats_agree(path).await;
    client.revalidates(path).await;
    let whole = client.rows(path).await;
    assert_eq!(client.rows(&format!("{path}?limit=7")).await, whole);
    let some = client.rows(&format!("{path}?start=2010&end=2020-06&kind=stake_began,announced")).await;
    let keep = |e: &&Value| {
        let date = e["date"].as_str().unwrap_or("~");
        ("2010".."2020-07").contains(&date) && (e["kind"] == "stake_began" || e["kind"] == "announced")
    };
    assert_eq!(some, whole.iter().filter(keep).cloned().collect::<Vec<_>>());
    let unknown = client.get("/v1/organizations/geely-holdings/timeline").await.expect(404);
    assert_eq!(unknown.json()["errors"][0]["did_you_mean"][0], "geely-holding");
    let wrong = client.get(&format!("{path}?kind=began,born&start=2020&end=2019")).await.expect(422);
    assert_eq!(wrong.faults(), [("kind".into(), "born".into()), ("end".into(), "2019".into())]);
    let none = client.get(&format!("{path}?end=1900")).await.expect(200);
    assert_eq!((none.data(), none.warnings()), (vec![], vec!["no_data".to_owned()]));
}
