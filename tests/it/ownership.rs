//! Who owns whom on a day: what is known to be true of the bundled data, what is not known, and each way to ask.

use serde_json::{Value, json};

use crate::client::{Answer, Client};

async fn ask(client: &Client, of: &str) -> Answer {
    client.get(&format!("/v1/organizations/{of}")).await.expect(200)
}

/// Each total with its share, or with its bounds where no one share is known.
fn totals(answer: &Answer) -> Vec<Value> {
    let json = answer.json();
    let share = |total: &Value| match &total["effective_percent"] {
        Value::Null => json!([total["effective_percent_min"], total["effective_percent_max"]]),
        share => share.clone(),
    };
    json["data"]["totals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|total| json!([total["id"], share(total)]))
        .collect()
}

/// Who controls what, and by what.
fn control(answer: &Answer) -> Vec<Value> {
    let json = answer.json();
    let all = json["data"]["control"].as_array().unwrap().iter();
    all.map(|it| json!([it["controller"], it["controlled"], it["basis"], it["of_record"]])).collect()
}

fn ultimate(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let all = json["data"]["totals"].as_array().unwrap().iter().filter(|total| total["ultimate"] == true);
    all.map(|total| total["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn ventures_belong_to_whom_documents_say_on_each_day() {
    let client = Client::bundled().await;
    for (of, expected) in [
        (
            "bmw-brilliance/ownership?on=2022-02-10",
            json!([["bmw", 50], ["brilliance-china", 40.5], ["shenyang-government", 9.5]]),
        ),
        ("bmw-brilliance/ownership?on=2022-02-11", json!([["bmw", 75], ["brilliance-china", 25]])),
        ("volkswagen-anhui/ownership?on=2020-11-30", json!([["jac-group", 50], ["volkswagen-group", 50]])),
        ("volkswagen-anhui/ownership?on=2020-12-01", json!([["volkswagen-group", 75], ["jac-group", 25]])),
        (
            "saic-gm-wuling/ownership?on=2010",
            json!([["saic-motor", 50.1], ["general-motors", 34], ["guangxi-auto", 15.9]]),
        ),
        (
            "saic-gm-wuling/ownership?on=2011",
            json!([["saic-motor", 50.1], ["general-motors", 44], ["guangxi-auto", 5.9]]),
        ),
        ("beijing-benz/ownership?on=2012", json!([["baic-group", 50], ["mercedes-benz-group", 50]])),
        ("volvo-cars/ownership?on=2010-08-01", json!([["ford", 100]])),
        ("volvo-cars/ownership?on=2010-08-02", json!([["geely-holding", 100]])),
        ("denza/ownership?on=2024-08-31", json!([["byd", 90], ["mercedes-benz-group", 10]])),
        // The venture ended when one partner took all of it.
        ("denza/ownership?on=2025", json!([["byd", 100]])),
    ] {
        let answer = ask(&client, of).await;
        // Holders of the companies that hold it follow.
        let direct: Vec<Value> =
            totals(&answer).into_iter().take(expected.as_array().unwrap().len()).collect();
        assert_eq!(json!(direct), expected, "{of}");
        assert_eq!(answer.warnings(), [""; 0], "{of}");
    }
}

#[tokio::test]
async fn each_link_is_told_as_its_document_states_it() {
    let client = Client::bundled().await;
    let answer = ask(&client, "bmw-brilliance/ownership?on=2022-02-11").await.json();
    assert_eq!(
        answer["data"]["links"][0],
        json!({
            "holder": "bmw", "held": "bmw-brilliance", "partnership": "bmw-brilliance", "kind": "joint_venture",
            "role": "parent", "equity_percent": 75, "percent_min": 75, "percent_max": 75, "valid_from": "2022-02-11",
            "valid_to": null, "document": "gcc-bba-2022"
        })
    );
    assert_eq!(answer["data"]["on"], "2022-02-11");
    let month = ask(&client, "bmw-brilliance/ownership?on=2022-02").await.json();
    assert_eq!(
        (&month["data"]["on"], &month["data"]["totals"]),
        (&json!("2022-02-28"), &answer["data"]["totals"])
    );
}

#[tokio::test]
async fn chains_of_beijing_benz_run_through_its_own_owners() {
    let client = Client::bundled().await;
    let answer = ask(&client, "beijing-benz/ownership?on=2022").await;
    // Mercedes-Benz has 49 percent itself and 9.55 percent of BAIC Motor's 51.
    let expected = json!([
        ["mercedes-benz-group", 53.8705],
        ["baic-motor", 51],
        ["baic-group", 5.376_275_9],
        ["tenaciou3", 5.220_051_45]
    ]);
    assert_eq!(json!(totals(&answer)), expected);
    let json = answer.json();
    let chains = json["data"]["chains"].as_array().unwrap();
    let paths: Vec<&Value> = chains.iter().map(|chain| &chain["path"]).collect();
    assert_eq!(chains.len(), 7);
    assert!(paths.contains(&&json!(["beijing-benz", "baic-motor", "mercedes-benz-group", "baic-group"])));
    // It owns more than half and controls nothing: BAIC Motor has the majority.
    let expected = json!([
        ["baic-group", "beijing-benz", "majority", true],
        ["baic-motor", "beijing-benz", "majority", false]
    ]);
    assert_eq!(json!(control(&answer)), expected);
    assert_eq!(ultimate(&answer), ["baic-group", "tenaciou3"]);
    let halves = ask(&client, "beijing-benz/ownership?on=2012").await;
    let expected = json!([
        ["baic-group", "beijing-benz", "joint", false],
        ["mercedes-benz-group", "beijing-benz", "joint", false]
    ]);
    assert_eq!(json!(control(&halves)), expected);
}

#[tokio::test]
async fn geely_owns_volvo_cars_whole_and_polestar_through_two_chains() {
    let client = Client::bundled().await;
    let polestar = ask(&client, "polestar/ownership?on=2024-12-31").await;
    let expected = json!([["geely-holding", 42], ["volvo-cars", 18], ["psd-investment", [0, 58]]]);
    assert_eq!(json!(totals(&polestar)), expected);
    let json = polestar.json();
    let chains = json["data"]["chains"].as_array().unwrap().iter();
    let shares: Vec<Value> = chains
        .map(|chain| json!([chain["path"].as_array().unwrap().last(), chain["effective_percent"]]))
        .collect();
    let expected =
        json!([["geely-holding", 24], ["psd-investment", null], ["volvo-cars", 18], ["geely-holding", 18]]);
    assert_eq!(json!(shares), expected);
    let down = ask(&client, "geely-holding/ownership?on=2024-12-31&direction=down").await;
    for (held, share) in [
        ("volvo-cars", json!(100)),
        ("polestar", json!(42)),
        ("lotus-cars", json!(51)),
        ("dfcv", json!(3.69)),
    ] {
        assert!(totals(&down).contains(&json!([held, share])), "{held}");
    }
    // Through AB Volvo it owns a little of a venture and controls nothing of it.
    assert!(!control(&down).iter().any(|it| it[1] == "dfcv"));
}

#[tokio::test]
async fn the_daimler_stake_is_of_tenaciou3_and_its_group_is_a_record() {
    let client = Client::bundled().await;
    let answer = ask(&client, "mercedes-benz-group/ownership?on=2018-12-31").await;
    assert_eq!(totals(&answer), [json!(["tenaciou3", 9.69])]);
    assert_eq!(answer.json()["data"]["totals"][0]["parent_of_record"], "geely-group-co");
    let record =
        json!([{"organization": "tenaciou3", "parent": "geely-group-co", "document": "caixin-daimler-2018"}]);
    assert_eq!(answer.json()["data"]["records"], record);
    assert_eq!(control(&answer), [json!(null); 0]);
    let group = ask(&client, "geely-group-co/ownership?direction=down&on=2018-12-31").await;
    assert_eq!(totals(&group), [json!(null); 0], "a record is no share");
    assert_eq!(control(&group), [json!(["geely-group-co", "tenaciou3", "parent_of_record", true])]);
    assert!(
        totals(&ask(&client, "geely-holding/ownership?direction=down").await)
            .iter()
            .all(|total| total[0] != "mercedes-benz-group")
    );
}

#[tokio::test]
async fn what_is_not_known_is_a_range_or_left_out_and_told() {
    let client = Client::bundled().await;
    // A venture that no company is named for, one of two shares stated.
    let sales = ask(&client, "baic-group/ownership?direction=down&on=2020").await.json();
    let all = sales["data"]["totals"].as_array().unwrap();
    let venture = all.iter().find(|total| total["id"] == "daimler-baic-sales").unwrap();
    let shown = ["node", "effective_percent", "effective_percent_min", "effective_percent_max"]
        .map(|field| &venture[field]);
    // From its 9.98 percent of Daimler's 51, to these and all that Daimler leaves.
    assert_eq!(json!(shown), json!(["partnership", null, 5.0898, 54.0898]));
    assert_eq!(venture["name_en"], "Daimler-BAIC sales joint venture");
    for (of, warning, shares) in [
        ("yinwang/ownership?on=2025", "over_100", 6),
        ("dfsk/ownership?on=2010", "not_placed", 0),
        ("zhengzhou-nissan/ownership?on=2010", "start_unknown", 4),
        ("psa/ownership?on=2023", "not_in_existence", 0),
        ("bmw-brilliance/ownership?on=1990", "not_in_existence", 0),
        ("bmw-brilliance/ownership?on=1990", "no_data", 0),
    ] {
        let answer = ask(&client, of).await;
        assert!(answer.warnings().contains(&warning.to_owned()), "{of}: {:?}", answer.warnings());
        assert_eq!(totals(&answer).len(), shares, "{of}");
    }
    // Licences, supply and alliances are no ownership; nor is a plan.
    for of in ["luxeed/ownership", "geely-lg/ownership", "byton/ownership"] {
        assert_eq!(totals(&ask(&client, of).await), [json!(null); 0], "{of}");
    }
}

#[tokio::test]
async fn cross_holdings_are_followed_to_their_end() {
    let client = Client::bundled().await;
    let mut writer = client.database.database.writer().await.unwrap();
    let copy = "INSERT INTO partnership SELECT 'circle-' || n, 'equity_stake', 'Circle', NULL, '2020', NULL, '[2020-01-01,)', 'active',
        NULL, '{}', NULL, document_id, release_id, NULL FROM partnership, generate_series(1, 2) n WHERE partnership_id = 'geely-lotus'";
    sqlx::query(copy).execute(&mut writer).await.unwrap();
    let member = "INSERT INTO partnership_member SELECT $1, $2, $3, $4, $5::float8::numeric, '2020', NULL, '[2020-01-01,)',
        document_id, release_id, NULL FROM partnership WHERE partnership_id = 'geely-lotus'";
    for (partnership, at, org, role, share) in [
        ("circle-1", 1, "proton", "investor", Some(60.0)),
        ("circle-1", 2, "levc", "target", None),
        ("circle-2", 1, "levc", "investor", Some(10.0)),
        ("circle-2", 2, "proton", "target", None),
    ] {
        sqlx::query(member)
            .bind(partnership)
            .bind(at)
            .bind(org)
            .bind(role)
            .bind(share)
            .execute(&mut writer)
            .await
            .unwrap();
    }
    let answer = ask(&client, "levc/ownership?on=2021").await;
    // Geely has all of LEVC as stated, to which Proton's 60 percent are added: more than everything, and told.
    assert!(
        answer.warnings().contains(&"circular".to_owned())
            && answer.warnings().contains(&"over_100".to_owned())
    );
    assert!(totals(&answer).contains(&json!(["proton", 60])), "{:?}", totals(&answer));
    let paths = answer.json()["data"]["chains"].as_array().unwrap().len();
    assert_eq!(paths, 3, "levc by geely-holding, by proton, by proton of geely-holding");
}

#[tokio::test]
async fn more_owners_than_are_computed_are_refused_and_never_left_out() {
    let client = Client::bundled().await;
    let mut writer = client.database.database.writer().await.unwrap();
    let many = "WITH made AS (
            INSERT INTO organization SELECT 'made-' || n, 'Made', NULL, 'investor', NULL, NULL, NULL, NULL, '(,)', NULL, NULL, NULL,
                o.release_id, NULL FROM organization o, generate_series(1, 2000) n WHERE o.org_id = 'proton'
        )
        INSERT INTO partnership_member SELECT partnership_id, 100 + n, 'made-' || n, 'investor', 0.01, '2020', NULL, '[2020-01-01,)',
            document_id, release_id, NULL FROM partnership, generate_series(1, 2000) n WHERE partnership_id = 'geely-proton'";
    sqlx::query(many).execute(&mut writer).await.unwrap();
    let refused = client.get("/v1/organizations/proton/ownership?on=2021").await.expect(413);
    refused.problem("too_large");
    assert!(refused.text().contains("2000 organizations"), "{}", refused.text());
    assert_eq!(totals(&ask(&client, "proton/ownership?on=2019").await), [json!(["geely-holding", 49.9])]);
}

#[tokio::test]
async fn wrong_questions_are_refused_whole() {
    let client = Client::bundled().await;
    let unknown = client.get("/v1/organizations/volvo-car/ownership").await.expect(404);
    unknown.problem("not_found");
    assert_eq!(unknown.json()["errors"][0]["did_you_mean"][0], "volvo-cars");
    let wrong =
        client.get("/v1/organizations/volvo-cars/ownership?direction=sideways&depth=2").await.expect(422);
    assert_eq!(wrong.faults(), [("direction".into(), "sideways".into()), ("depth".into(), "2".into())]);
    assert_eq!(wrong.json()["errors"][0]["allowed"], json!(["up", "down"]));
    client.get("/v1/organizations/volvo-cars/ownership?on=2022-Q1").await.expect(400).problem("malformed");
}

#[tokio::test]
async fn every_organization_has_owners_or_none_and_no_share_is_more_than_everything() {
    let client = Client::bundled().await;
    for row in client.rows("/v1/organizations").await {
        for query in ["direction=up&on=2024", "direction=down", "direction=up&on=1995"] {
            let of = format!("{}/ownership?{query}", row["id"].as_str().unwrap());
            let answer = ask(&client, &of).await.json();
            let data = &answer["data"];
            for total in data["totals"].as_array().unwrap() {
                let (least, most) = (&total["effective_percent_min"], &total["effective_percent_max"]);
                assert!(
                    0.0 <= least.as_f64().unwrap()
                        && least.as_f64() <= most.as_f64()
                        && most.as_f64().unwrap() <= 100.0,
                    "{of}"
                );
            }
            let empty = data["chains"].as_array().unwrap().is_empty();
            assert_eq!(empty, data["totals"].as_array().unwrap().is_empty(), "{of}");
            assert_eq!(data["complete"], true, "{of}");
        }
    }
}

#[tokio::test]
async fn rows_are_chains_and_the_tag_knows_the_day() {
    let client = Client::bundled().await;
    let path = "/v1/organizations/polestar/ownership?on=2024-12-31";
    let rows = client.get(&format!("{path}&format=csv")).await.expect(200).csv();
    assert_eq!(rows.len(), 4);
    let last = &rows[3];
    assert_eq!(
        (last["path"].as_str(), last["shares"].as_str()),
        ("polestar;volvo-cars;geely-holding", "18;100")
    );
    assert_eq!((last["effective_percent_min"].as_str(), last["total_percent_min"].as_str()), ("18", "42"));
    assert_eq!((last["end"].as_str(), last["ultimate"].as_str()), ("geely-holding", "true"));
    assert_eq!(rows[1]["shares"], "0..58");
    let lines = client.get(&format!("{path}&format=ndjson")).await.expect(200).ndjson();
    assert_eq!((lines.len(), &lines[4]["rows"]), (5, &json!(4)));
    client.revalidates(path).await;

    // Without `on` it is of today, and tomorrow another answer.
    let today = "/v1/organizations/polestar/ownership";
    let first = client.get(today).await.expect(200);
    assert_eq!(first.json()["data"]["on"], "2026-11-24");
    assert!(first.header("server-timing").contains("miss"), "{}", first.header("server-timing"));
    let tomorrow = "2026-11-25T04:00:00Z".parse().unwrap();
    let client = client.tuned(|app| app.clock = china_auto::clock::Clock::fixed(tomorrow));
    let second = client.get_with(today, &[("if-none-match", first.header("etag"))]).await.expect(200);
    assert_eq!(second.json()["data"]["on"], "2026-11-25");
    assert_ne!(second.header("etag"), first.header("etag"));
    let again = client.get(today).await.expect(200);
    assert!(again.header("server-timing").contains("miss"), "it is not kept over the day");
}

#[tokio::test]
async fn a_change_of_any_collection_that_was_read_makes_another_answer() {
    let client = Client::bundled().await;
    let mut writer = client.database.database.writer().await.unwrap();
    let path = "/v1/organizations/polestar/ownership?on=2024-12-31";
    for collection in ["partnerships", "organizations", "sources"] {
        let before = client.get(path).await.expect(200);
        let raise = "UPDATE collection SET version = version + 1 WHERE name = $1";
        sqlx::query(raise).bind(collection).execute(&mut writer).await.unwrap();
        let after = client.get_with(path, &[("if-none-match", before.header("etag"))]).await.expect(200);
        assert_ne!(before.header("etag"), after.header("etag"), "{collection}");
    }
}
