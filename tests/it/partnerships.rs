//! Partnerships, organizations and events: every row of the files, what is known to be true, and each way to ask.

use serde_json::{Value, json};

use crate::client::Client;
use crate::files::{As, Row, record, rows, served};

const LISTS: [&str; 3] = ["/v1/partnerships", "/v1/organizations", "/v1/events"];

const PARTNERSHIP: &[(&str, &str, As)] = &[
    ("partnership_id", "id", As::Text),
    ("kind", "kind", As::Text),
    ("name", "name", As::Text),
    ("announced", "announced", As::Text),
    ("effective_from", "effective_from", As::Text),
    ("effective_to", "effective_to", As::Text),
    ("status", "status", As::Text),
    ("geo", "geo", As::Text),
    ("focus", "focus", As::List(';')),
    ("summary", "summary", As::Text),
    ("document_id", "document", As::Text),
];

const MEMBER: &[(&str, &str, As)] = &[
    ("org_id", "org", As::Text),
    ("role", "role", As::Text),
    ("equity_percent", "equity_percent", As::Number),
    ("valid_from", "valid_from", As::Text),
    ("valid_to", "valid_to", As::Text),
    ("document_id", "document", As::Text),
];

const MEMBERSHIP: &[(&str, &str, As)] = &[
    ("partnership_id", "partnership", As::Text),
    ("role", "role", As::Text),
    ("equity_percent", "equity_percent", As::Number),
    ("valid_from", "valid_from", As::Text),
    ("valid_to", "valid_to", As::Text),
    ("document_id", "document", As::Text),
];

const ORGANIZATION: &[(&str, &str, As)] = &[
    ("org_id", "id", As::Text),
    ("name_en", "name_en", As::Text),
    ("name_zh", "name_zh", As::Text),
    ("kind", "kind", As::Text),
    ("country", "country", As::Text),
    ("headquarters_geo", "headquarters_geo", As::Text),
    ("founded", "founded", As::Text),
    ("dissolved", "dissolved", As::Text),
    ("parent_org_id", "parent", As::Text),
    ("notes", "notes", As::Text),
    ("document_id", "document", As::Text),
];

const EVENT: &[(&str, &str, As)] = &[
    ("event_id", "id", As::Text),
    ("date", "date", As::Text),
    ("kind", "kind", As::Text),
    ("title", "title", As::Text),
    ("orgs", "orgs", As::List(';')),
    ("geo", "geo", As::Text),
    ("summary", "summary", As::Text),
    ("document_id", "document", As::Text),
];

/// Compares rows of a file with rows that were served.
fn compare(what: &str, expected: &[Row], columns: &[(&str, &str, As)], found: &[Value]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (row, found) in expected.iter().zip(found) {
        assert_eq!(served(found, columns), record(row, columns), "{what}");
    }
}

fn sorted(file: &str, columns: &[&str]) -> Vec<Row> {
    let mut rows = rows(file);
    rows.sort_by_key(|row| columns.iter().map(|column| row[*column].clone()).collect::<Vec<_>>());
    rows
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

fn list<'a>(record: &'a Value, field: &str) -> &'a [Value] {
    record[field].as_array().unwrap()
}

/// Organization, share and dates of each member of a partnership in a role.
fn shares(partnership: &Value, role: &str) -> Vec<Value> {
    let members = list(partnership, "members").iter().filter(|member| member["role"] == role);
    members.map(|m| json!([m["org"], m["equity_percent"], m["valid_from"], m["valid_to"]])).collect()
}

#[tokio::test]
async fn every_partnership_is_served_as_it_stands_with_all_its_members() {
    let client = Client::bundled().await;
    let found = client.rows("/v1/partnerships?limit=50").await;
    compare(
        "partnerships",
        &sorted("partnerships/partnerships.csv", &["partnership_id"]),
        PARTNERSHIP,
        &found,
    );
    let (members, organizations) = (rows("partnerships/members.csv"), rows("partnerships/organizations.csv"));
    for partnership in &found {
        let id = partnership["id"].as_str().unwrap();
        let expected: Vec<Row> = members.iter().filter(|row| row["partnership_id"] == id).cloned().collect();
        compare(id, &expected, MEMBER, list(partnership, "members"));
        for member in list(partnership, "members") {
            let org =
                organizations.iter().find(|row| row["org_id"] == member["org"].as_str().unwrap()).unwrap();
            assert_eq!(member["name_en"], org["name_en"]);
            assert_eq!(member["country"].as_str().unwrap_or_default(), org["country"]);
            assert_eq!(member.get("in_force"), Some(&Value::Null));
        }
        let one = client.get(&format!("/v1/partnerships/{id}")).await.expect(200).json();
        assert_eq!(&one["data"], partnership);
    }
}

#[tokio::test]
async fn every_organization_is_served_as_it_stands_with_its_children_and_partnerships() {
    let client = Client::bundled().await;
    let found = client.rows("/v1/organizations?limit=100").await;
    compare("organizations", &sorted("partnerships/organizations.csv", &["org_id"]), ORGANIZATION, &found);
    let members = sorted("partnerships/members.csv", &["partnership_id"]);
    for organization in &found {
        let id = organization["id"].as_str().unwrap();
        let one = &client.get(&format!("/v1/organizations/{id}")).await.expect(200).json()["data"];
        for (field, value) in organization.as_object().unwrap() {
            assert_eq!(&one[field], value, "{id} {field}");
        }
        let expected: Vec<Row> = members.iter().filter(|row| row["org_id"] == id).cloned().collect();
        compare(id, &expected, MEMBERSHIP, list(one, "partnerships"));
        let children: Vec<Value> = found.iter().filter(|o| o["parent"] == id).cloned().collect();
        assert_eq!(ids(list(one, "children")), ids(&children), "{id}");
    }
}

#[tokio::test]
async fn every_event_is_served_as_it_stands_in_the_order_of_dates() {
    let client = Client::bundled().await;
    let mut expected = sorted("partnerships/events.csv", &["date", "event_id"]);
    compare("events", &expected, EVENT, &client.rows("/v1/events?limit=50").await);
    expected.sort_by(|a, b| b["date"].cmp(&a["date"]).then(a["event_id"].cmp(&b["event_id"])));
    compare("events", &expected, EVENT, &client.rows("/v1/events?sort=-date&limit=11").await);
}

#[tokio::test]
async fn the_chinese_owner_of_volvo_cars_since_2010() {
    let client = Client::bundled().await;
    let found = client.rows("/v1/partnerships?org=volvo-cars&role=target").await;
    assert_eq!(ids(&found), ["geely-volvo-cars"]);
    assert_eq!(shares(&found[0], "investor"), [json!(["geely-holding", 100, "2010-08-02", null])]);
    assert_eq!(shares(&found[0], "parent"), [json!(["ford", 100, "1999", "2010-08-02"])]);
    for (day, owner) in [("2010-08-01", "ford"), ("2010-08-02", "geely-holding"), ("2019", "geely-holding")] {
        let path = format!("/v1/partnerships?id=geely-volvo-cars&org={owner}&valid_on={day}");
        // Before the sale the partnership itself is not in force.
        assert_eq!(client.rows(&path).await.len(), usize::from(owner != "ford"), "{day}");
    }
    let on = client.rows("/v1/partnerships?id=geely-volvo-cars&valid_on=2019").await;
    let held: Vec<_> = list(&on[0], "members").iter().map(|m| json!([m["org"], m["in_force"]])).collect();
    assert_eq!(held, [json!(["ford", false]), json!(["geely-holding", true]), json!(["volvo-cars", true])]);
}

#[tokio::test]
async fn who_held_daimler_on_the_chinese_side() {
    let client = Client::bundled().await;
    let found = client.rows("/v1/partnerships?org=mercedes-benz-group&role=target").await;
    assert_eq!(ids(&found), ["baic-daimler-stake", "li-shufu-daimler-stake"]);
    let baic = [json!(["baic-group", 5, "2019-07-23", "2019"]), json!(["baic-group", 9.98, "2019", null])];
    assert_eq!(shares(&found[0], "investor"), baic);
    assert_eq!(shares(&found[1], "investor"), [json!(["tenaciou3", 9.69, "2018-02-23", null])]);
    let none = client.rows("/v1/partnerships?org=mercedes-benz-group&role=target&valid_on=2018-02-22").await;
    assert_eq!(none, [json!(null); 0]);
    // Geely itself holds none of it.
    let geely = client.get("/v1/organizations/geely-holding").await.expect(200).json();
    assert!(
        list(&geely["data"], "partnerships").iter().all(|p| p["partnership"] != "li-shufu-daimler-stake")
    );
}

#[tokio::test]
async fn foreign_makers_that_expanded_in_china_from_2018() {
    let client = Client::bundled().await;
    let began = client.rows("/v1/partnerships?foreign=true&geo=children:CN&start=2018").await;
    assert!(ids(&began).contains(&"tesla-shanghai") && ids(&began).contains(&"spotlight-automotive"));
    assert!(!ids(&began).contains(&"bmw-brilliance"), "it is of 2003");
    let grew = client.rows("/v1/partnerships?foreign=true&geo=children:CN&member_start=2018").await;
    assert!(ids(&grew).contains(&"tesla-shanghai") && ids(&grew).contains(&"bmw-brilliance"));
    let bmw = client.rows("/v1/partnerships?org=bmw&member_start=2018&kind=joint_venture&q=Brilliance").await;
    assert!(shares(&bmw[0], "parent").contains(&json!(["bmw", 75, "2022-02-11", null])), "{bmw:?}");
    let events = client.rows("/v1/events?foreign=true&start=2018&geo=CN-SH&kind=plant").await;
    assert!(ids(&events).contains(&"2019-tesla-ground"));
    assert!(events.iter().all(|event| event["date"].as_str() >= Some("2018")));
}

#[tokio::test]
async fn names_are_found_in_english_and_chinese() {
    let client = Client::bundled().await;
    assert_eq!(ids(&client.rows("/v1/organizations?q=比亚迪&kind=oem&parent=").await)[0], "byd");
    let two = client.rows("/v1/organizations?q=吉利").await;
    assert!(ids(&two).contains(&"geely-holding") && ids(&two).contains(&"geely-auto"));
    assert_eq!(ids(&client.rows("/v1/organizations?q=GEELY%20holding").await), ["geely-holding"]);
    let by_member = client.rows("/v1/partnerships?q=沃尔沃汽车").await;
    assert!(ids(&by_member).contains(&"geely-volvo-cars") && ids(&by_member).contains(&"polestar"));
    // What means something to a pattern stands for itself.
    assert_eq!(client.rows("/v1/organizations?q=%25").await.len(), 0);
    assert_eq!(client.rows("/v1/organizations?q=_").await.len(), 0);
}

#[tokio::test]
async fn each_filter_keeps_what_it_names_and_nothing_else() {
    type Keep = fn(&Value) -> bool;
    let cases: [(&str, &str, Keep); 24] = [
        ("/v1/partnerships", "id=jmev,polestar", |r| r["id"] == "jmev" || r["id"] == "polestar"),
        ("/v1/partnerships", "kind=licensing,supply", |r| r["kind"] == "licensing" || r["kind"] == "supply"),
        ("/v1/partnerships", "status=ended", |r| r["status"] == "ended"),
        ("/v1/partnerships", "geo=CN-SH", |r| r["geo"] == "CN-SH"),
        ("/v1/partnerships", "geo=children:CN", |r| !r["geo"].is_null()),
        ("/v1/partnerships", "focus=batteries", |r| list(r, "focus").contains(&json!("batteries"))),
        ("/v1/partnerships", "org=byd,catl", |r| {
            list(r, "members").iter().any(|m| m["org"] == "byd" || m["org"] == "catl")
        }),
        ("/v1/partnerships", "org=byd&role=supplier", |r| {
            list(r, "members").iter().any(|m| m["org"] == "byd" && m["role"] == "supplier")
        }),
        ("/v1/partnerships", "country=KR", |r| list(r, "members").iter().any(|m| m["country"] == "KR")),
        ("/v1/partnerships", "foreign=false", |r| {
            list(r, "members").iter().all(|m| m["country"].is_null() || m["country"] == "CN")
        }),
        ("/v1/partnerships", "announced=2018-07-10", |r| {
            ["2018", "2018-07", "2018-07-10"].contains(&r["announced"].as_str().unwrap_or_default())
        }),
        ("/v1/partnerships", "end=1990", |r| {
            let began = r["effective_from"].as_str().or(r["announced"].as_str());
            began.is_some_and(|date| date < "1991")
        }),
        ("/v1/partnerships", "document=aw-baic-2021", |r| {
            r["document"] == "aw-baic-2021"
                || list(r, "members").iter().any(|m| m["document"] == "aw-baic-2021")
        }),
        ("/v1/organizations", "kind=battery_maker", |r| r["kind"] == "battery_maker"),
        ("/v1/organizations", "country=DE,SE", |r| r["country"] == "DE" || r["country"] == "SE"),
        ("/v1/organizations", "foreign=true", |r| !r["country"].is_null() && r["country"] != "CN"),
        ("/v1/organizations", "headquarters_geo=CN-HB", |r| r["headquarters_geo"] == "CN-HB"),
        ("/v1/organizations", "parent=toyota", |r| r["parent"] == "toyota"),
        ("/v1/organizations", "founded=2010", |r| {
            r["founded"].as_str().is_some_and(|date| date.starts_with("2010"))
        }),
        ("/v1/organizations", "dissolved=2020", |r| {
            r["dissolved"].as_str().is_some_and(|date| date.starts_with("2020"))
        }),
        ("/v1/events", "kind=launch", |r| r["kind"] == "launch"),
        ("/v1/events", "org=tesla", |r| list(r, "orgs").contains(&json!("tesla"))),
        ("/v1/events", "start=2018-07-10&end=2018-07-28", |r| {
            r["date"].as_str().is_some_and(|date| {
                ("2018-07-10"..="2018-07-28").contains(&date) || date == "2018" || date == "2018-07"
            })
        }),
        ("/v1/events", "geo=CN-AH", |r| r["geo"] == "CN-AH"),
    ];
    let client = Client::bundled().await;
    for (list, query, keep) in cases {
        let all = client.rows(list).await;
        let expected: Vec<Value> = all.into_iter().filter(keep).collect();
        assert!(!expected.is_empty(), "{list}?{query}");
        assert_eq!(client.rows(&format!("{list}?{query}")).await, expected, "{list}?{query}");
    }
}

#[tokio::test]
async fn a_day_decides_what_is_in_force() {
    let client = Client::bundled().await;
    let ended = client.rows("/v1/partnerships?valid_on=2000&status=ended").await;
    assert!(ids(&ended).contains(&"beijing-jeep"));
    assert!(!ids(&client.rows("/v1/partnerships?valid_on=2006-01-01").await).contains(&"beijing-jeep"));
    let announced = client.rows("/v1/partnerships?valid_on=2030&status=announced").await;
    assert!(announced.iter().all(|row| !row["effective_from"].is_null()), "a plan is not in force");
    let alive = client.rows("/v1/organizations?valid_on=1990").await;
    assert!(ids(&alive).contains(&"faw-group") && !ids(&alive).contains(&"byd"));
    let polestar = client.rows("/v1/organizations?partnership=geely-volvo-cars").await;
    assert_eq!(ids(&polestar), ["ford", "geely-holding", "volvo-cars"]);
}

#[tokio::test]
async fn all_faults_of_a_request_are_told_at_once() {
    let client = Client::bundled().await;
    let path = "/v1/partnerships?org=volvo-car&kind=joint-venture&status=alive&country=XX&document=no&foreign=maybe&page=2";
    let answer = client.get(path).await.expect(422);
    answer.problem("invalid_parameter");
    let mut told: Vec<String> = answer.faults().into_iter().map(|(parameter, _)| parameter).collect();
    told.sort();
    assert_eq!(told, ["country", "document", "foreign", "kind", "org", "page", "status"]);
    let json = answer.json();
    let org = list(&json, "errors").iter().find(|fault| fault["parameter"] == "org").unwrap();
    assert_eq!(org["did_you_mean"][0], "volvo-cars");
    client
        .get("/v1/events?kind=policies&sort=title&start=2020&end=2019")
        .await
        .expect(422)
        .problem("invalid_parameter");
    client.get("/v1/organizations?kind=maker&founded=2020").await.expect(422).problem("invalid_parameter");
    for path in
        ["/v1/events?start=2018-13", "/v1/organizations?valid_on=90s", "/v1/partnerships?announced=2018-Q1"]
    {
        client.get(path).await.expect(400).problem("malformed");
    }
}

#[tokio::test]
async fn an_unknown_id_is_not_found_and_the_nearest_are_named() {
    let client = Client::bundled().await;
    for (path, nearest) in [
        ("/v1/partnerships/geely-volvo-car", "geely-volvo-cars"),
        ("/v1/organizations/geely-holdings", "geely-holding"),
    ] {
        let answer = client.get(path).await.expect(404);
        answer.problem("not_found");
        assert_eq!(answer.json()["errors"][0]["did_you_mean"][0], nearest);
    }
    for path in ["/v1/partnerships/%00", "/v1/organizations/%FF"] {
        client.get(path).await.expect(400).problem("malformed");
    }
    client
        .get("/v1/partnerships/geely-volvo-cars?valid_on=2019")
        .await
        .expect(422)
        .problem("invalid_parameter");
}

#[tokio::test]
async fn what_is_known_and_has_no_data_is_an_empty_list_with_a_warning() {
    let client = Client::bundled().await;
    for path in [
        "/v1/partnerships?kind=brand_launch&geo=CN-GX",
        "/v1/organizations?country=AU",
        "/v1/events?kind=deal",
        "/v1/events?start=2199",
    ] {
        let answer = client.get(path).await.expect(200);
        assert_eq!((answer.data(), answer.warnings()), (vec![], vec!["no_data".to_owned()]), "{path}");
    }
    let empty = Client::empty().await;
    for list in LISTS {
        assert_eq!(empty.get(list).await.expect(200).data(), [json!(null); 0], "{list}");
    }
}

#[tokio::test]
async fn lists_are_paged_to_their_ends_and_come_in_every_format() {
    let client = Client::bundled().await;
    for list in LISTS {
        client.pages_add_up(list, 23).await;
    }
    client.pages_add_up("/v1/events?sort=-date", 10).await;
    client.pages_add_up("/v1/events?foreign=true&start=2010", 10).await;
    for path in LISTS.into_iter().chain(["/v1/partnerships/polestar", "/v1/organizations/geely-holding"]) {
        client.formats_agree(path).await;
        client.revalidates(path).await;
    }
}

#[tokio::test]
async fn a_change_of_another_collection_that_was_read_makes_another_answer() {
    let client = Client::bundled().await;
    let mut writer = client.database.database.writer().await.unwrap();
    for (path, other) in [
        ("/v1/partnerships", "organizations"),
        ("/v1/partnerships/polestar", "organizations"),
        ("/v1/organizations", "partnerships"),
        ("/v1/organizations/volvo-cars", "partnerships"),
        ("/v1/events", "organizations"),
    ] {
        let before = client.get(path).await.expect(200);
        let raise = "UPDATE collection SET version = version + 1 WHERE name = $1";
        sqlx::query(raise).bind(other).execute(&mut writer).await.unwrap();
        let after = client.get_with(path, &[("if-none-match", before.header("etag"))]).await.expect(200);
        assert_ne!(before.header("etag"), after.header("etag"), "{path}");
        assert_eq!(before.json()["meta"]["version"], after.json()["meta"]["version"], "{path}");
    }
}
