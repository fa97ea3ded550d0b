//! A restricted dataset, planted with words that stand nowhere else: nobody who may not see it meets one of them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Method;
use china_auto::access::{Actor, Scope, restrict};
use china_auto::http::document;
use china_auto::ingest::file::{Done, Job, Mapping, Options, Progress, Received, create_dataset, import};
use china_auto::timeseries::key::Dimension;
use serde_json::{Value, json};

use super::key;
use crate::client::{Answer, Client};
use crate::cluster::clock;

/// What every planted word ends with. No request says it, so that no echo has it.
const PLANTED: &str = "xqz7";

const DESCRIPTION: &str = "dataset = 'desk_xqz7'\ntitle_en = 'Desk xqz7'\ndescription = 'About xqz7.'\naccess = 'restricted'\n\
    dimensions = ['measure', 'source', 'geo', 'maker', 'model']\nfrequencies = ['M']\ndefault_frequency = 'M'\nlicence = 'licence xqz7'\n\
    [[measure]]\ncode = 'handed_xqz7'\nname_en = 'Handed over xqz7'\nunit = 'vehicles'\nkind = 'flow'\n";

const MAPPING: &str = "dataset = 'desk_xqz7'\n[document]\ndocument = 'paper-xqz7'\ntitle = 'Paper xqz7'\nlicence = 'licence xqz7'\n\
    [columns]\nmeasure = 'measure'\nsource = 'source'\ngeo = 'geo'\nmaker = 'maker'\nmodel = 'model'\nfrequency = 'frequency'\n\
    period = 'period'\nvalue = 'value'\nnote = 'note'\n[[source]]\nsource = 'agent_xqz7'\nname_en = 'Agent xqz7'\nkind = 'company'\nlicence = 'licence xqz7'\n";

const FILE: &str = "measure,source,geo,maker,model,frequency,period,value,note\n\
    handed_xqz7,agent_xqz7,CN-GD,maker_xqz7,model_xqz7,M,2026-01,7654321,note xqz7\n";

/// Puts it there.
async fn plant(client: &Client) {
    let database = client.database.database.clone();
    let by = Actor::of_command_line();
    create_dataset(&database, DESCRIPTION, None, Some(&by), &clock()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file-xqz7.csv");
    std::fs::write(&path, FILE).unwrap();
    let add = |name: &str| (Dimension::from_name(name).unwrap(), None);
    let options = Options {
        given: Some(Mapping::parse(MAPPING).unwrap()),
        add_codes: [add("maker"), add("model")].into(),
        ..Options::default()
    };
    let received = Received::at(&path).unwrap();
    let job = Job { by: Some(&by), ..Job::new(&received, &options) };
    let done = import(&database, job, &clock(), &Progress::default()).await.unwrap();
    assert!(matches!(done, Done::Taken(..)), "{done:?}");
}

/// What a public caller can ask for: every path of the document with its examples, what its descriptions name, and what looks for it.
fn questions() -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut all: Vec<String> = Vec::new();
    for (path, item) in document::document()["paths"].as_object().unwrap() {
        let says = &item["get"];
        if says.is_null() {
            continue;
        }
        let mut target = path.clone();
        let mut needed = Vec::new();
        for parameter in says["parameters"].as_array().into_iter().flatten() {
            let name = text(&parameter["name"]);
            if parameter["in"] == "path" {
                target = target.replace(&format!("{{{name}}}"), &text(&parameter["example"]));
            } else if parameter["required"] == true {
                needed.push(format!("{name}={}", text(&parameter["schema"]["examples"][0])));
            }
        }
        all.push(if needed.is_empty() { target } else { format!("{target}?{}", needed.join("&")) });
        let told = text(&says["description"]).replace('\n', " ");
        let quoted = told
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|quoted| quoted.starts_with("/v1") && !quoted.contains('{'));
        all.extend(quoted.map(str::to_owned));
    }
    let dimensions = ["measure", "source", "geo", "maker", "brand", "model", "vehicle_class", "operator"];
    all.extend(dimensions.iter().flat_map(|dimension| {
        [
            format!("/v1/codes/{dimension}"),
            format!("/v1/codes/{dimension}?q=xqz"),
            format!("/v1/production?{dimension}=model_xqz"),
        ]
    }));
    all.extend(
        [
            "/v1/codes/maker?parent=_T",
            "/v1/codes/maker?parent=maker_xqz",
            "/v1/production/series?maker=*&model=*",
            "/v1/production?maker=*",
            "/v1/production/availability?maker=maker_xqz",
            "/v1/datasets/desk_xqz",
            "/v1/datasets/desk_xqz/observations",
            "/v1/datasets/desk_xqz/series",
            "/v1/datasets/desk_xqz/availability",
            "/v1/datasets/desk_xqz/reconcile",
            "/v1/series/desk_xqz:M.handed_xqz.agent_xqz.CN-GD.maker_xqz.model_xqz",
            "/v1/series/desk_xqz:M.handed_xqz.agent_xqz.CN-GD.maker_xqz.model_xqz/vintages",
            "/v1/sources/agent_xqz",
            "/v1/sources?kind=company",
            "/v1/sources?q=xqz",
            "/v1/documents/paper-xqz",
            "/v1/documents?q=xqz",
            "/v1/documents?source=agent_xqz",
            "/v1/documents?id=paper-xqz",
            "/v1/releases?limit=5",
            "/v1/releases?collection=desk_xqz",
            "/v1/releases?document=paper-xqz",
            "/v1/releases?collection=codes,sources",
            "/v1/changes?since=2020",
            "/v1/changes?collection=codes",
            "/v1/changes?collection=desk_xqz",
            "/v1/imports",
            "/v1/search?q=xqz",
            "/v1/search?q=desk",
            "/v1/search?q=CN-GD",
            "/v1/search?q=handed+over",
            "/v1/search?q=7654321",
            "/v1/datasets",
            "/metrics",
            "/openapi.json",
            "/problems",
            "/v1",
        ]
        .map(str::to_owned),
    );
    all
}

/// Refuses an answer that has a planted word in it anywhere.
#[track_caller]
fn clean(answer: &Answer) {
    let text = format!("{}\n{:?}", String::from_utf8_lossy(&answer.body), answer.headers);
    let found = text.find(PLANTED).map(|at| text[..at].chars().rev().take(300).collect::<String>());
    let before: Option<String> = found.map(|reversed| reversed.chars().rev().collect());
    assert_eq!(before, None, "{} tells of what is hidden", answer.path);
    assert!(!text.contains("7654321") || answer.path.contains("7654321"), "{} has the figure", answer.path);
}

/// The data of every answer, without what tells how often anything changed.
async fn seen(client: &Client, key: Option<&str>) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for path in questions() {
        for accept in ["application/json", "text/csv", "application/x-ndjson"] {
            let mut headers = vec![("accept", accept)];
            headers.extend(key.map(|key| ("authorization", key)));
            let answer = client.get_with(&path, &headers).await;
            clean(&answer);
            if accept != "application/json" || answer.status != 200 || !path.starts_with("/v1") {
                continue;
            }
            let mut data = answer.json()["data"].take();
            if let Some(home) = data.as_object_mut() {
                home.remove("versions");
            }
            all.insert(path.clone(), data);
        }
    }
    all
}

#[tokio::test]
async fn nobody_meets_a_word_of_a_restricted_dataset_who_may_not_see_it() {
    let client = Client::bundled().await;
    let before = seen(&client, None).await;
    assert!(before.len() > 60, "{}", before.len());
    plant(&client).await;
    let database = client.database.database.clone();
    let after = seen(&client, None).await;
    for (path, data) in &before {
        assert_eq!(after.get(path), Some(data), "{path} is another since something was hidden");
    }
    let stranger = key(&database, &[Scope::Write], Some(&["charging"])).await;
    // Its cursors are its own.
    let bare = |data: &Value| {
        let mut data = data.clone();
        for entry in data.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            entry.remove("cursor");
        }
        data
    };
    for (path, data) in seen(&client, Some(&stranger)).await {
        let public = before.get(&path).map(bare);
        assert_eq!(public, Some(bare(&data)), "{path} is another for a key of another dataset");
    }
    // Whoever may see it meets it everywhere.
    let own = key(&database, &[Scope::Read], Some(&["desk_xqz7"])).await;
    for path in [
        "/v1",
        "/v1/datasets",
        "/v1/datasets/desk_xqz7",
        "/v1/datasets/desk_xqz7/observations?geo=CN-GD&maker=maker_xqz7&model=model_xqz7",
        "/v1/series/desk_xqz7:M.handed_xqz7.agent_xqz7.CN-GD.maker_xqz7.model_xqz7",
        "/v1/codes/maker?q=xqz",
        "/v1/codes/measure?q=xqz",
        "/v1/sources/agent_xqz7",
        "/v1/documents/paper-xqz7",
        "/v1/releases?limit=2",
        "/v1/imports",
        "/v1/search?q=xqz",
    ] {
        let answer = client.get_by(&own, path).await.expect(200);
        assert!(answer.text().contains(PLANTED), "{path}: {}", answer.text());
        assert_eq!(answer.header("cache-control"), "private, no-store", "{path}");
        assert!(answer.header("vary").contains("Authorization"), "{path}");
    }
}

#[tokio::test]
async fn what_is_hidden_is_not_there_by_any_number_or_name_either() {
    let client = Client::bundled().await;
    let newest = |answer: &Answer| answer.data()[0]["id"].as_i64().unwrap();
    let (release, import) =
        (newest(&client.get("/v1/releases?limit=1").await), newest(&client.get("/v1/imports?limit=1").await));
    plant(&client).await;
    let admin = key(&client.database.database, &[Scope::Admin], None).await;
    let planted = newest(&client.get_by(&admin, "/v1/releases?limit=1").await);
    assert!(planted > release);
    for number in release + 1..=planted {
        for path in [format!("/v1/releases/{number}"), format!("/v1/releases/{number}/changes")] {
            let hidden = client.get(&path).await.expect(404);
            let none = client.get(&path.replace(&number.to_string(), "999999")).await.expect(404);
            let said =
                |answer: &Answer, number: &str| answer.json()["detail"].to_string().replace(number, "N");
            assert_eq!(said(&hidden, &number.to_string()), said(&none, "999999"), "{path}");
        }
        client.get_by(&admin, &format!("/v1/releases/{number}")).await.expect(200);
    }
    for number in import + 1..=import + 2 {
        client.get(&format!("/v1/imports/{number}")).await.expect(404);
        client.get_by(&admin, &format!("/v1/imports/{number}")).await.expect(200);
    }
    // As an unknown dataset is answered, so is a hidden one, in a body too.
    let body = json!({"queries": [{"name": "a", "dataset": "desk_xqz7", "geo": "CN-GD", "maker": "maker_xqz7", "model": "model_xqz7"}, {"name": "b", "dataset": "no_such_set"}]});
    let answer = client.post("/v1/query", &body).await;
    let problem = |name: &str| answer.json()["data"][name]["problem"].to_string();
    assert_eq!(problem("a").replace("desk_xqz7", "no_such_set"), problem("b"), "{}", answer.text());
    let known = client.post_with("/v1/query", &[("authorization", &admin)], &body).await.expect(200);
    assert!(known.text().contains("7654321"), "{}", known.text());
    let hidden = client.get("/v1/datasets/desk_xqz7/observations").await.expect(404).json();
    let none = client.get("/v1/datasets/desk_none/observations").await.expect(404).json();
    let same = |problem: &Value| {
        problem["detail"].as_str().unwrap().replace("desk_xqz7", "X").replace("desk_none", "X")
    };
    assert_eq!(same(&hidden), same(&none));
}

#[tokio::test]
async fn answers_that_are_kept_and_cursors_are_for_who_sees_as_much() {
    let client = Client::bundled().await;
    plant(&client).await;
    let database = client.database.database.clone();
    let own = key(&database, &[Scope::Read], Some(&["desk_xqz7"])).await;
    for path in [
        "/v1/codes/maker?q=xqz",
        "/v1/datasets",
        "/v1/releases?limit=3",
        "/v1/search?q=xqz",
        "/v1/production",
    ] {
        for _ in 0..2 {
            let (keyed, public) =
                (client.get_by(&own, path).await.expect(200), client.get(path).await.expect(200));
            clean(&public);
            assert_ne!(keyed.header("etag"), public.header("etag"), "{path}");
            assert!(public.header("cache-control").starts_with("public"), "{path}");
            let known = [("authorization", own.as_str()), ("if-none-match", public.header("etag"))];
            client.get_with(path, &known).await.expect(200);
            client.get_with(path, &[("if-none-match", keyed.header("etag"))]).await.expect(200);
        }
    }
    let since = |answer: &Answer| answer.json()["meta"]["since"].as_str().unwrap().to_owned();
    let public = since(&client.get("/v1/changes?limit=10000").await.expect(200));
    let keyed = since(&client.get_by(&own, "/v1/changes?limit=10000").await.expect(200));
    client
        .get_by(&own, &format!("/v1/changes?since={public}"))
        .await
        .expect(422)
        .problem("invalid_parameter");
    client.get(&format!("/v1/changes?since={keyed}")).await.expect(422).problem("invalid_parameter");
    assert!(client.get_by(&own, &format!("/v1/changes?since={keyed}")).await.expect(200).data().is_empty());
    // What follows is hidden: a public poller sees nothing move.
    restrict(&database, ("charging", true), &Actor::of_command_line(), clock().now()).await.unwrap();
    assert_eq!(since(&client.get(&format!("/v1/changes?since={public}")).await.expect(200)), public);
}

#[tokio::test]
async fn a_dataset_that_is_restricted_is_gone_at_once_and_published_it_is_back() {
    let client = Client::bundled().await;
    let database = client.database.database.clone();
    let first = client.get("/v1/charging").await.expect(200);
    let set = async |is_restricted: bool| {
        let by = Actor::of_command_line();
        assert!(restrict(&database, ("charging", is_restricted), &by, clock().now()).await.unwrap());
    };
    set(true).await;
    client.get("/v1/charging").await.expect(404).problem("not_found");
    client.get_with("/v1/charging", &[("if-none-match", first.header("etag"))]).await.expect(404);
    assert!(!client.get("/v1/datasets").await.expect(200).text().contains("\"charging\""));
    // Its codes came with the service, and stay.
    client.get("/v1/codes/operator?q=teld").await.expect(200);
    let own = key(&database, &[Scope::Read], Some(&["charging"])).await;
    assert_eq!(client.get_by(&own, "/v1/charging").await.expect(200).data(), first.data());
    set(false).await;
    assert_eq!(client.get("/v1/charging").await.expect(200).data(), first.data());
}

const TIDY: &str = "measure,source,geo,maker,brand,model,vehicle_class,powertrain,frequency,period,value\n\
    sales,caam,CN-GD,_T,_T,_T,PV,BEV,M,2026-01,1234\n";

/// An import, when it has ended, as its sender sees it.
async fn ended(client: &Client, key: &str, id: &Value) -> Value {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let import = client.get_by(key, &format!("/v1/imports/{id}")).await.expect(200).json()["data"].take();
        if !import["finished_at"].is_null() {
            return import;
        }
        assert!(Instant::now() < deadline, "it stays {import}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_key_writes_its_own_datasets_alone_and_the_audit_tells_who_did() {
    let sender = crate::intake::Sender::keyed().await;
    let _worker = sender.begin();
    let client = &sender.client;
    let database = client.database.database.clone();
    plant(client).await;
    let own = key(&database, &[Scope::Write], Some(&["desk_xqz7"])).await;
    let other = key(&database, &[Scope::Write], Some(&["charging"])).await;
    let admin = key(&database, &[Scope::Admin], None).await;
    let send = async |key: &str, path: &str, body: &'static str| {
        let headers = [("authorization", key), ("x-request-id", "sent-1")];
        client.send_body((Method::POST, path), &headers, Body::from(body)).await
    };
    let next = "measure,source,geo,maker,model,frequency,period,value\nhanded_xqz7,agent_xqz7,CN-GD,maker_xqz7,model_xqz7,M,2026-02,11\n";
    let path = "/v1/imports?dataset=desk_xqz7&licence=ours&name=next.csv";
    send(&other, path, next).await.expect(403).problem("forbidden");
    let accepted = send(&own, path, next).await.expect(202).json();
    let id = accepted["data"]["id"].clone();
    let link = format!("/v1/imports/{id}");
    let done = ended(client, &own, &id).await;
    assert_eq!((&done["state"], &done["datasets"]), (&json!("done"), &json!(["desk_xqz7"])), "{done}");
    client.get_by(&other, &link).await.expect(404);
    client.get(&link).await.expect(404);
    // A mapping names its dataset behind the door; the import refuses it there, whether that dataset is known to its sender or not.
    for (dataset, reason) in [("production", "may not write"), ("desk_xqz7", "desk_xqz7")] {
        let columns: Vec<String> =
            TIDY.lines().next().unwrap().split(',').map(|column| format!("{column}={column}")).collect();
        let map = columns.join(",");
        let path = format!("/v1/imports?licence=ours&map={map}&mapping=dataset%3D%27{dataset}%27");
        let accepted = send(&other, &path, TIDY).await.expect(202).json();
        let report = ended(client, &other, &accepted["data"]["id"]).await["report"].take();
        let told = report["faults"]["listed"].to_string();
        assert!(told.contains(reason) && !told.contains("agent_xqz7"), "{dataset}: {told}");
    }
    let release = done["report"]["releases"][0].clone();
    let take_back = async |key: &str| {
        let headers = [("authorization", key)];
        client.send(Method::DELETE, &format!("/v1/releases/{release}?reason=a+slip"), &headers).await
    };
    take_back(&other).await.expect(404);
    take_back(&own).await.expect(200);
    let bundled = client.get("/v1/releases?collection=production&limit=1").await.data()[0]["id"].clone();
    let foreign = format!("/v1/releases/{bundled}?reason=no");
    client.send(Method::DELETE, &foreign, &[("authorization", &own)]).await.expect(403).problem("forbidden");
    let audit = client.get_by(&admin, "/v1/audit?action=import,withdrawal").await.expect(200).data();
    let told: Vec<(&str, &str, &str)> = audit
        .iter()
        .map(|entry| {
            let text = |field: &str| entry[field].as_str().unwrap_or("-");
            (text("action"), text("detail"), text("request_id"))
        })
        .collect();
    assert!(told.contains(&("import", "next.csv", "sent-1")), "{told:?}");
    assert_eq!((told[0].0, told[0].1), ("withdrawal", "a slip"));
    let prefix = &own[7..18];
    assert!(audit[0]["actor"].as_str().unwrap().starts_with(prefix), "{audit:?}");
    let lines =
        client.get_with("/v1/audit", &[("authorization", &admin), ("accept", "text/csv")]).await.expect(200);
    assert_eq!(lines.csv().len(), client.get_by(&admin, "/v1/audit").await.data().len());
}
