//! Who works with whom on a day: what is known to be true, and each way to ask.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{Answer, Client};

async fn ask(client: &Client, of: &str) -> Answer {
    client.get(&format!("/v1/organizations/{of}")).await.expect(200)
}

fn list<'a>(record: &'a Value, field: &str) -> &'a [Value] {
    record[field].as_array().unwrap()
}

fn ids(nodes: &[Value]) -> BTreeSet<&str> {
    nodes.iter().map(|node| node["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn members_of_a_partnership_in_force_are_joined_by_edges() {
    let client = Client::bundled().await;
    let answer = ask(&client, "bmw-brilliance/network?on=2022-02-11&kind=joint_venture").await.json();
    let data = &answer["data"];
    assert_eq!(ids(list(data, "nodes")), ["bmw", "bmw-brilliance", "brilliance-china"].into());
    let edges = list(data, "edges");
    let shown: Vec<Value> = edges.iter().map(|e| json!([e["source"], e["relation"], e["target"]])).collect();
    let expected = json!([
        ["bmw", "works_with", "brilliance-china"],
        ["bmw", "holds", "bmw-brilliance"],
        ["brilliance-china", "holds", "bmw-brilliance"]
    ]);
    assert_eq!(json!(shown), expected);
    assert_eq!(
        edges[1],
        json!({
            "id": "bmw-brilliance/4-6", "source": "bmw", "target": "bmw-brilliance", "relation": "holds",
            "kind": "joint_venture", "partnership": "bmw-brilliance", "name": "BMW Brilliance", "source_role": "parent",
            "target_role": "operator", "source_equity_percent": 75, "target_equity_percent": null,
            "valid_from": "2022-02-11", "valid_to": null, "documents": ["gcc-bba-2022"]
        })
    );
    let before = ask(&client, "bmw-brilliance/network?on=2022-02-10").await.json();
    assert!(ids(list(&before["data"], "nodes")).contains("shenyang-government"));
    let ended =
        list(&before["data"], "edges").iter().find(|edge| edge["source"] == "shenyang-government").unwrap();
    assert_eq!(ended["valid_to"], "2022-02-11");
}

#[tokio::test]
async fn a_network_grows_with_its_depth_and_shrinks_with_its_kinds() {
    let client = Client::bundled().await;
    let mut inner = BTreeSet::from(["catl".to_owned()]);
    for depth in 1..=4 {
        let answer = ask(&client, &format!("catl/network?on=2024-12-31&depth={depth}")).await.json();
        let data = &answer["data"];
        let nodes = list(data, "nodes");
        let all: BTreeSet<String> = ids(nodes).into_iter().map(str::to_owned).collect();
        assert_eq!((nodes[0]["id"].as_str(), nodes[0]["distance"].as_i64()), (Some("catl"), Some(0)));
        let near = nodes.iter().filter(|node| node["distance"].as_i64() < Some(depth));
        assert_eq!(near.map(|node| node["id"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>(), inner);
        for edge in list(data, "edges") {
            assert!([&edge["source"], &edge["target"]].iter().all(|end| all.contains(end.as_str().unwrap())));
        }
        let edges: BTreeSet<&str> = ids(list(data, "edges"));
        assert_eq!(edges.len(), list(data, "edges").len(), "each edge has an id of its own");
        assert_eq!(data["complete"], true);
        inner = all;
    }
    let ventures = ask(&client, "catl/network?on=2024-12-31&kind=joint_venture").await.json();
    let edges = list(&ventures["data"], "edges");
    assert!(!edges.is_empty() && edges.iter().all(|edge| edge["kind"] == "joint_venture"));
    let supply = ask(&client, "tesla/network?on=2021-01-01&kind=supply").await.json();
    let shown: Vec<Value> = list(&supply["data"], "edges")
        .iter()
        .map(|e| json!([e["source"], e["relation"], e["target"]]))
        .collect();
    assert!(shown.contains(&json!(["catl", "supplies", "tesla"])), "{shown:?}");
}

#[tokio::test]
async fn the_first_ring_is_everybody_of_its_partnerships_on_the_day() {
    let client = Client::bundled().await;
    for id in ["toyota", "geely-holding", "huawei"] {
        let on = client.rows(&format!("/v1/partnerships?org={id}&valid_on=2021-06-30")).await;
        let members = on.iter().flat_map(|partnership| {
            let own = list(partnership, "members").iter().any(|m| m["org"] == id && m["in_force"] == true);
            let all = list(partnership, "members").iter().filter(move |m| own && m["in_force"] == true);
            all.map(|member| member["org"].as_str().unwrap())
        });
        let expected: BTreeSet<&str> = members.chain([id]).collect();
        let answer = ask(&client, &format!("{id}/network?on=2021-06-30")).await.json();
        assert_eq!(ids(list(&answer["data"], "nodes")), expected, "{id}");
    }
}

#[tokio::test]
async fn wrong_networks_are_refused_and_empty_ones_are_one_node() {
    let client = Client::bundled().await;
    for depth in ["99", "0", "-1", "two"] {
        let answer = client.get(&format!("/v1/organizations/catl/network?depth={depth}")).await.expect(422);
        assert_eq!(answer.faults(), [("depth".to_owned(), depth.to_owned())]);
        assert_eq!(answer.json()["errors"][0]["allowed"], json!(["1", "2", "3", "4"]));
    }
    let kind = client.get("/v1/organizations/catl/network?kind=joint-venture").await.expect(422);
    assert_eq!(kind.json()["errors"][0]["did_you_mean"], json!(["joint_venture"]));
    let unknown = client.get("/v1/organizations/geely-holdings/network").await.expect(404);
    assert_eq!(unknown.json()["errors"][0]["did_you_mean"][0], "geely-holding");
    let alone = ask(&client, "catl/network?on=1950").await.json();
    assert_eq!((list(&alone["data"], "nodes").len(), list(&alone["data"], "edges").len()), (1, 0));
}

#[tokio::test]
async fn a_network_that_is_cut_says_so() {
    let client = Client::bundled().await;
    let mut writer = client.database.database.writer().await.unwrap();
    let many = "WITH made AS (
            INSERT INTO organization SELECT 'made-' || n, 'Made', NULL, 'oem', NULL, NULL, NULL, NULL, '(,)', NULL, NULL, NULL,
                o.release_id, NULL FROM organization o, generate_series(1, 1100) n WHERE o.org_id = 'catl'
        ), allied AS (
            INSERT INTO partnership SELECT 'made-' || n, 'supply', 'Made', NULL, '2020', NULL, '[2020-01-01,)', 'active', NULL, '{}',
                NULL, document_id, release_id, NULL FROM partnership, generate_series(1, 1100) n WHERE partnership_id = 'tesla-catl'
        )
        INSERT INTO partnership_member SELECT 'made-' || n, i, CASE i WHEN 1 THEN 'catl' ELSE 'made-' || n END,
            CASE i WHEN 1 THEN 'supplier' ELSE 'customer' END, NULL, NULL, NULL, '[2020-01-01,)', document_id, release_id, NULL
        FROM partnership, generate_series(1, 1100) n, generate_series(1, 2) i WHERE partnership_id = 'tesla-catl'";
    sqlx::query(many).execute(&mut writer).await.unwrap();
    let answer = ask(&client, "catl/network?on=2024-12-31&kind=supply").await;
    let json = answer.json();
    assert_eq!((list(&json["data"], "nodes").len(), list(&json["data"], "edges").len()), (1000, 999));
    assert_eq!((&json["data"]["complete"], answer.header("x-complete")), (&json!(false), "false"));
    assert_eq!(answer.warnings(), ["network_cut"]);
}

#[tokio::test]
async fn edges_are_rows_and_answers_of_today_are_of_the_day() {
    let client = Client::bundled().await;
    let path = "/v1/organizations/catl/network?on=2024-12-31";
    let edges = client.get(path).await.expect(200).json()["data"]["edges"].as_array().unwrap().clone();
    let table = client.get(&format!("{path}&format=csv")).await.expect(200).csv();
    assert_eq!(table.len(), edges.len());
    assert_eq!(table[0]["id"], edges[0]["id"].as_str().unwrap());
    let mut lines = client.get(&format!("{path}&format=ndjson")).await.expect(200).ndjson();
    lines.pop();
    assert_eq!(lines, edges);
    client.revalidates(path).await;
    let today = ask(&client, "catl/network").await;
    assert_eq!(today.json()["data"]["graph"]["on"], "2026-11-24");
    assert!(ask(&client, "catl/network").await.header("server-timing").contains("miss"));
}
