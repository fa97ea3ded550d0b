//! The contract: the document is what is served, and what is served is as the document says. Every operation is walked.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use axum::http::Method;
use china_auto::access::Scope;
use china_auto::http::body::MOST_BYTES;
use china_auto::http::document;
use china_auto::http::timeseries::MOST_QUERIES;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::access::key;
use crate::client::{Answer, Client};
use crate::cluster;
use crate::intake::Sender;

/// The datasets whose parameters together are those of the paths for any dataset.
const DATASETS: [&str; 2] = ["production", "charging"];

/// What may be absent from an answer: dimensions that a dataset does not have, what a fault has nothing to say of, and what was not
/// asked for.
const MAY_BE_ABSENT: [&str; 12] = [
    "annotations",
    "documents",
    "maker",
    "brand",
    "model",
    "vehicle_class",
    "powertrain",
    "operator",
    "access",
    "current",
    "allowed",
    "did_you_mean",
];

/// The query parameters that an operation does not go without.
const NEEDED: [(&str, &str); 6] = [
    ("/v1/search", "q"),
    ("/v1/subsidies/quote", "powertrain"),
    ("/v1/subsidies/credits/quote", "powertrain"),
    ("/v1/subsidies/schedule/series", "powertrain"),
    ("/v1/subsidies/schedule/series", "start"),
    ("/v1/subsidies/schedule/series", "end"),
];

/// What is to be known of any quote of a new energy vehicle.
const KNOWN_OF_QUOTES: [&str; 3] = ["unverified", "left_out", "not_given"];

/// What the document says of one path and method.
struct Operation {
    path: String,
    method: Method,
    says: Value,
}

impl Operation {
    /// All of them.
    fn all(document: &Value) -> Vec<Self> {
        let paths = document["paths"].as_object().unwrap().iter();
        let all = paths.flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, says)| {
                let method = method.to_uppercase().parse().unwrap();
                assert!(
                    [Method::GET, Method::POST, Method::DELETE].contains(&method),
                    "{path}: this walk does not know {method}"
                );
                Self { path: path.clone(), method, says: says.clone() }
            })
        });
        all.collect()
    }

    /// Those that answer data, and so can say that the caller has it already.
    fn with_data(document: &Value) -> Vec<Self> {
        Self::all(document)
            .into_iter()
            .filter(|operation| operation.says["responses"].get("304").is_some())
            .collect()
    }

    /// Those that take a body of JSON.
    fn with_body(document: &Value) -> Vec<Self> {
        let takes_json = |o: &Self| o.says["requestBody"]["content"].get("application/json").is_some();
        Self::all(document).into_iter().filter(takes_json).collect()
    }

    /// The bodies that it gives as examples.
    fn bodies(&self) -> Vec<Value> {
        let examples = &self.says["requestBody"]["content"]["application/json"]["examples"];
        examples.as_object().unwrap().values().map(|example| example["value"].clone()).collect()
    }

    fn parameters(&self, place: &str) -> Vec<&Value> {
        let all = self.says["parameters"].as_array().into_iter().flatten();
        all.filter(|parameter| parameter["in"] == place).collect()
    }

    /// The paths of its examples: one, or one a dataset.
    fn targets(&self) -> Vec<String> {
        if self.path.contains("{dataset}") {
            return DATASETS.map(|dataset| self.path.replace("{dataset}", dataset)).to_vec();
        }
        vec![self.at(|parameter| text(&parameter["example"])) + &self.required()]
    }

    /// The query parameters that it does not go without, with their first examples.
    fn required(&self) -> String {
        let required = self.parameters("query").into_iter().filter(|parameter| parameter["required"] == true);
        let pairs = required.map(|p| format!("{}={}", text(&p["name"]), text(&p["schema"]["examples"][0])));
        let pairs: Vec<String> = pairs.collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }

    /// Its path with something filled in.
    fn at(&self, fill: impl Fn(&Value) -> String) -> String {
        let fill_in = |path: String, parameter: &&Value| {
            path.replace(&format!("{{{}}}", text(&parameter["name"])), &fill(parameter))
        };
        self.parameters("path").iter().fold(self.path.clone(), fill_in)
    }

    /// The requests that its description gives as examples.
    fn told(&self) -> Vec<String> {
        let description = text(&self.says["description"]).replace('\n', " ");
        let quoted = description.split('`').skip(1).step_by(2).filter(|quoted| quoted.starts_with("/v1"));
        quoted.filter(|quoted| !quoted.contains('{')).map(str::to_owned).collect()
    }
}

/// Checks bodies against the types of the document.
struct Types {
    document: Value,
    made: BTreeMap<String, Validator>,
}

impl Types {
    fn new() -> Self {
        Self { document: document::document(), made: BTreeMap::new() }
    }

    /// Checks an answer with data against what its operation says of it.
    #[track_caller]
    fn check(&mut self, operation: &Operation, answer: &Answer) {
        let says = &operation.says["responses"]["200"];
        let media = answer.header("content-type").split(';').next().unwrap();
        let schema = &says["content"][media]["schema"];
        assert!(schema.is_object(), "{}: {media} is not in the document", answer.path);
        if media == "application/json" {
            self.check_as(schema, answer);
        }
        for name in says["headers"].as_object().unwrap().keys() {
            let is_there = answer.headers.contains_key(name.as_str());
            // Some answers have no language, and what is asked within a process is not counted.
            let may_lack = name == "Content-Language" || name.starts_with("RateLimit");
            assert!(is_there || may_lack, "{}: {name} is missing", answer.path);
        }
    }

    #[track_caller]
    fn check_as(&mut self, schema: &Value, answer: &Answer) {
        self.check_value(schema, &answer.json(), &answer.path);
    }

    #[track_caller]
    fn check_value(&mut self, schema: &Value, value: &Value, what: &str) {
        let validator = self.made.entry(schema.to_string()).or_insert_with(|| {
            let mut whole = schema.clone();
            whole["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
            whole["components"] = self.document["components"].clone();
            jsonschema::options().should_validate_formats(true).build(&whole).unwrap()
        });
        let faults: Vec<String> =
            validator.iter_errors(value).map(|e| format!("{}: {e:.300}", e.instance_path())).collect();
        assert!(faults.is_empty(), "{what}: {}", faults.join("\n"));
    }

    #[track_caller]
    fn check_problem(&mut self, code: &str, answer: &Answer) {
        answer.problem(code);
        self.check_as(&json!({"$ref": "#/components/schemas/Problem"}), answer);
        assert!(!answer.header("x-request-id").is_empty(), "{}", answer.path);
    }

    /// Checks that an answer is a problem of this kind, which the operation says it may be.
    #[track_caller]
    fn check_refusal(&mut self, operation: &Operation, code: &str, answer: &Answer) {
        self.check_problem(code, answer);
        let status = answer.status.to_string();
        let documented = operation.says["responses"].get(status.as_str()).is_some();
        assert!(documented, "{} does not say that it answers {status}", operation.path);
    }

    /// The types that only bodies of requests are made of.
    fn asked(&self) -> BTreeSet<String> {
        let mut open: Vec<String> = Operation::with_body(&self.document)
            .iter()
            .flat_map(|o| references(&o.says["requestBody"]))
            .collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            let schema = &self.document["components"]["schemas"][&name];
            if (schema["properties"].is_object() || schema["allOf"].is_array()) && seen.insert(name) {
                open.extend(references(schema));
            }
        }
        seen
    }

    /// A part of the document, where it stands elsewhere.
    fn resolved<'a>(&'a self, part: &'a Value) -> &'a Value {
        let to = part["$ref"].as_str().map(|to| to.trim_start_matches('#'));
        to.map_or(part, |to| self.document.pointer(to).unwrap_or_else(|| panic!("nothing at {to}")))
    }

    /// The values that the document gives a parameter: its examples, or all there are.
    fn values(&self, parameter: &Value) -> Vec<String> {
        let schema = self.resolved(&parameter["schema"]);
        let values = schema["enum"].as_array().or(schema["examples"].as_array());
        values.into_iter().flatten().map(text).collect()
    }
}

/// The types that a part of the document names.
fn references(part: &Value) -> Vec<String> {
    let text = part.to_string();
    let named = text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap());
    named.map(str::to_owned).collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A request with one more parameter; the last of two equal ones is not sent twice.
fn with(target: &str, parameter: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let name = parameter.split('=').next().unwrap_or_default();
    let others = query.split('&').filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(name));
    let pairs: Vec<&str> = others.chain([parameter]).collect();
    format!("{path}?{}", pairs.join("&"))
}

/// What a parameter goes with: the largest are so of a dimension that is kept apart, and makers are counted to groups.
fn companion(name: &str) -> Option<&'static str> {
    match name {
        "top" => Some("group_by=geo"),
        "attribution" => Some("group_by=maker:group"),
        _ => None,
    }
}

/// The names that a handler says it knows.
async fn known_to(client: &Client, target: &str) -> BTreeSet<String> {
    let answer = client.get(&with(target, "no_such_parameter=1")).await.expect(422);
    let problem = answer.json();
    let fault = problem["errors"].as_array().unwrap().iter().find(|e| e["parameter"] == "no_such_parameter");
    fault.unwrap()["allowed"].as_array().unwrap().iter().map(text).collect()
}

#[test]
fn the_committed_document_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == document::text(),
        "openapi/openapi.json is not what the code says: run `make openapi`, look at the difference, and commit it",
    );
    let document: Value = serde_json::from_str(&committed).unwrap();
    assert_eq!(
        document["info"]["version"],
        env!("CARGO_PKG_VERSION"),
        "a document is of one version of the service"
    );
}

#[test]
fn the_openapi_command_prints_the_document() {
    let printed = Command::new(cluster::program()).arg("openapi").output().unwrap();
    assert!(printed.status.success());
    assert!(printed.stdout == document::text().into_bytes(), "it prints something else");
}

#[test]
fn the_document_is_complete_in_words() {
    let types = Types::new();
    let document = &types.document;
    let tags: BTreeSet<String> =
        document["tags"].as_array().unwrap().iter().map(|tag| text(&tag["name"])).collect();
    let (mut ids, mut used) = (BTreeSet::new(), BTreeSet::new());
    for operation in Operation::all(document) {
        let (path, says) = (&operation.path, &operation.says);
        let id = text(&says["operationId"]);
        assert!(id.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{path}: {id}");
        assert!(ids.insert(id), "{path}: its operationId is another's too");
        assert_eq!(says["tags"].as_array().unwrap().len(), 1, "{path}");
        used.insert(text(&says["tags"][0]));
        for field in ["summary", "description"] {
            assert!(says[field].as_str().is_some_and(|text| text.len() > 3), "{path} has no {field}");
        }
        assert!(!text(&says["summary"]).contains('`'), "{path}: a summary is plain text");
        for (status, response) in says["responses"].as_object().unwrap() {
            let response = types.resolved(response);
            assert!(response["description"].is_string(), "{path} {status}");
            let is_error = status.starts_with(['4', '5']);
            let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(is_error, problem == "#/components/schemas/Problem", "{path} {status}");
        }
    }
    assert_eq!(used, tags);
}

#[test]
fn optional_parameters_are_never_null_and_each_shows_what_it_takes() {
    let types = Types::new();
    for operation in Operation::all(&types.document) {
        for parameter in operation.parameters("query") {
            let what = format!("{} {}", operation.path, parameter["name"]);
            let needed = NEEDED.contains(&(operation.path.as_str(), parameter["name"].as_str().unwrap()));
            assert_eq!(parameter["required"], needed, "{what}");
            assert!(types.resolved(&parameter["schema"])["type"].is_string(), "{what}");
            assert!(parameter["description"].as_str().is_some_and(|text| text.len() > 3), "{what}");
            let shows = !types.values(parameter).is_empty() || parameter["schema"]["type"] == "boolean";
            assert!(shows || parameter["name"] == "cursor", "{what} has no example");
        }
        for parameter in operation.parameters("path") {
            assert_eq!(parameter["required"], true, "{}", operation.path);
            assert!(!parameter["example"].is_null(), "{} has no example", operation.path);
        }
    }
}

#[test]
fn types_are_described_named_and_stand_once() {
    let types = Types::new();
    let asked = types.asked();
    for (name, schema) in types.document["components"]["schemas"].as_object().unwrap() {
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name} is no name");
        assert!(schema["description"].is_string(), "{name} is not described");
        let parts = schema["allOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
        for part in &parts {
            for (field, property) in part["properties"].as_object().into_iter().flatten() {
                let is_required = part["required"].as_array().is_some_and(|r| r.contains(&json!(field)));
                let may_be_absent = MAY_BE_ABSENT.contains(&field.as_str())
                    || asked.contains(name)
                    || ["ProblemFault.code", "ObservationsMeta.explain"]
                        .contains(&format!("{name}.{field}").as_str());
                assert!(is_required || may_be_absent, "{name}.{field} may be absent");
                let is_of_one_type = types.resolved(property)["type"].is_string();
                assert!(
                    is_of_one_type || !asked.contains(name),
                    "{name}.{field} is null where it is not given"
                );
                assert!(
                    !property.to_string().contains("\"properties\""),
                    "{name}.{field} is a type without a name"
                );
                let said = property.get("description").or(property.pointer("/oneOf/0/description"));
                assert!(said.is_some() || name.ends_with("Record"), "{name}.{field} is not described");
            }
        }
    }
    let text = types.document.to_string();
    for reference in text.split("\"$ref\":\"").skip(1) {
        let to = reference.split('"').next().unwrap();
        types.resolved(&json!({"$ref": to}));
    }
}

#[test]
fn a_query_in_a_body_has_the_parameters_of_one_in_a_url() {
    let document = document::document();
    let get = &document["paths"]["/v1/datasets/{dataset}/observations"]["get"]["parameters"];
    let in_url: BTreeSet<String> = get.as_array().unwrap().iter().map(|p| text(&p["name"])).collect();
    for (name, more) in [("Query", None), ("NamedQuery", Some("name"))] {
        let schema = &document["components"]["schemas"][name];
        let properties = schema["properties"].as_object().unwrap();
        let in_body: BTreeSet<String> =
            properties.keys().filter(|field| Some(field.as_str()) != more).cloned().collect();
        assert_eq!(in_body, in_url, "{name}");
        assert_eq!(schema["additionalProperties"], false, "{name}");
        let required: Vec<&str> = more.into_iter().chain(["dataset"]).collect();
        assert_eq!(schema["required"], json!(required), "{name}");
        for (field, property) in properties {
            let says = document.pointer(text(&property["$ref"]).trim_start_matches('#')).unwrap_or(property);
            assert!(says["type"].is_string(), "{name}.{field} is of several types");
        }
    }
    let most = &document["components"]["schemas"]["QueryRequest"]["properties"]["queries"]["maxItems"];
    assert_eq!(*most, MOST_QUERIES);
}

#[tokio::test]
async fn each_example_of_a_body_is_answered_as_the_document_says() {
    let (client, mut types) = (Client::bundled().await, Types::new());
    for operation in Operation::with_body(&types.document) {
        let requests = &operation.says["requestBody"];
        assert_eq!(requests["required"], true, "{}", operation.path);
        let schema = requests["content"]["application/json"]["schema"].clone();
        for body in operation.bodies() {
            types.check_value(&schema, &body, &operation.path);
            let answer = client.post(&operation.path, &body).await.expect(200);
            types.check(&operation, &answer);
            let warnings = answer.warnings();
            assert!(
                warnings.iter().all(|warning| KNOWN_OF_QUOTES.contains(&warning.as_str())),
                "{body} {warnings:?}"
            );
        }
    }
}

#[tokio::test]
async fn each_handler_knows_the_parameters_of_the_document_and_no_others() {
    let client = Client::bundled().await;
    for operation in Operation::with_data(&document::document()) {
        let mut known = BTreeSet::new();
        for target in operation.targets() {
            known.extend(known_to(&client, &target).await);
        }
        let documented: BTreeSet<String> =
            operation.parameters("query").iter().map(|parameter| text(&parameter["name"])).collect();
        assert_eq!(known, documented, "{}", operation.path);
    }
}

#[tokio::test]
async fn each_answer_is_of_its_type_in_every_format_and_known_again_by_its_tag() {
    let (client, mut types) = (Client::bundled().await, Types::new());
    let key = key(&client.database.database, &[Scope::Admin], None).await;
    for operation in Operation::all(&types.document).into_iter().filter(|o| o.method == Method::GET) {
        for target in operation.targets() {
            let takes_key = operation.says["security"] == json!([{"key": []}]);
            let headers = if takes_key { vec![("authorization", key.as_str())] } else { Vec::new() };
            let first = client.get_with(&target, &headers).await.expect(200);
            types.check(&operation, &first);
            if operation.says["responses"].get("304").is_none() {
                continue;
            }
            let again =
                client.get_with(&target, &[("if-none-match", first.header("etag"))]).await.expect(304);
            assert!(again.body.is_empty() && again.header("etag") == first.header("etag"), "{target}");
            for format in types.values(&json!({"schema": {"$ref": "#/components/schemas/Format"}})) {
                types.check(
                    &operation,
                    &client.get(&with(&target, &format!("format={format}"))).await.expect(200),
                );
            }
        }
    }
}

#[tokio::test]
async fn each_example_of_a_parameter_is_answered_as_the_document_says() {
    let (client, mut types) = (Client::bundled().await, Types::new());
    for operation in Operation::with_data(&types.document) {
        for parameter in operation.parameters("query") {
            let name = text(&parameter["name"]);
            let mut answered = 0;
            for target in operation.targets() {
                if !known_to(&client, &target).await.contains(&name) {
                    continue;
                }
                for value in types.values(parameter) {
                    let target = companion(&name).map_or(target.clone(), |pair| with(&target, pair));
                    let answer = client.get(&with(&target, &format!("{name}={value}"))).await;
                    // A word may not go with the measure that stands where none is named.
                    if answer.status == 422 && answer.text().contains("does not go with") {
                        continue;
                    }
                    types.check(&operation, &answer.expect(200));
                    answered += 1;
                }
            }
            assert!(
                answered > 0 || name == "cursor" || parameter["schema"]["type"] == "boolean",
                "{}: {name}",
                operation.path
            );
        }
    }
}

#[tokio::test]
async fn each_request_that_a_description_tells_is_answered_with_data() {
    let (client, types) = (Client::bundled().await, Types::new());
    for operation in Operation::with_data(&types.document) {
        let told = operation.told();
        assert!(!told.is_empty(), "{} tells no request", operation.path);
        for request in told {
            let answer = client.get(&request).await.expect(200);
            assert_ne!(answer.json()["data"], json!([]), "{request}");
        }
    }
}

#[tokio::test]
async fn every_error_has_the_one_shape_on_every_path() {
    let (client, mut types) = (Client::bundled().await, Types::new());
    for operation in Operation::all(&types.document) {
        let target = operation.targets().remove(0);
        let refused = client.send(Method::PUT, &target, &[]).await.expect(405);
        types.check_problem("method_not_allowed", &refused);
        let path = target.split('?').next().unwrap_or_default();
        let below = client.get(&format!("{path}/no/such/path")).await.expect(404);
        types.check_problem("not_found", &below);
        if operation.says["requestBody"]["content"].get("application/json").is_some() {
            for (code, answer) in refused_bodies(&client, &operation).await {
                types.check_refusal(&operation, code, &answer);
            }
        }
        if operation.says["responses"].get("304").is_none() {
            continue;
        }
        let mut seen = vec![
            ("invalid_parameter", client.get(&with(&target, "no_such_parameter=1")).await.expect(422)),
            ("malformed", client.get(&with(&target, "format=%00")).await.expect(400)),
            ("not_acceptable", client.get_with(&target, &[("accept", "image/png")]).await.expect(406)),
        ];
        let other = operation.at(|_| "no-such-thing".to_owned());
        if other != operation.path {
            seen.push(("not_found", client.get(&other).await.expect(404)));
        }
        for (code, answer) in seen {
            types.check_refusal(&operation, code, &answer);
        }
    }
}

/// What an operation that takes a body answers to those that are wrong.
async fn refused_bodies(client: &Client, operation: &Operation) -> Vec<(&'static str, Answer)> {
    let (path, body) = (operation.path.as_str(), operation.bodies().remove(0));
    let send = async |media: &str, body: String| {
        client.send_body((Method::POST, path), &[("content-type", media)], body.into()).await
    };
    let unknown = json!({"no_such_field": 1});
    vec![
        ("malformed", send("application/json", "{".to_owned()).await),
        ("invalid_parameter", client.post(path, &unknown).await),
        ("invalid_parameter", client.post(&with(path, "no_such_parameter=1"), &body).await),
        ("not_acceptable", client.post_with(path, &[("accept", "image/png")], &body).await),
        ("too_large", send("application/json", " ".repeat(MOST_BYTES + 1)).await),
        ("unsupported_media_type", send("text/plain", body.to_string()).await),
    ]
}

/// The operations that change something, and those of what changes without any collection changing.
#[tokio::test]
async fn imports_are_told_as_the_document_says() {
    let (sender, mut types) = (Sender::with_room(1 << 20).await, Types::new());
    let all = Operation::all(&types.document);
    let find = |id: &str| all.iter().find(|operation| operation.says["operationId"] == id).unwrap();
    for id in ["list_imports", "get_import", "create_import", "delete_import", "delete_release"] {
        let operation = find(id);
        let target = with(&operation.targets()[0], "no_such_parameter=1");
        let answer =
            sender.client.send_body((operation.method.clone(), &target), &[], "x".into()).await.expect(422);
        types.check_refusal(operation, "invalid_parameter", &answer);
        let known = answer.json()["errors"][0]["allowed"]
            .as_array()
            .unwrap()
            .iter()
            .map(text)
            .collect::<BTreeSet<_>>();
        let documented =
            operation.parameters("query").iter().map(|parameter| text(&parameter["name"])).collect();
        assert_eq!(known, documented, "{id}");
        let accept = [("accept", "image/png")];
        let target = operation.targets().remove(0);
        let to = (operation.method.clone(), target.as_str());
        let answer = sender.client.send_body(to, &accept, "x".into()).await.expect(406);
        types.check_refusal(operation, "not_acceptable", &answer);
    }
    for (id, path, status) in [("create_import", "/v1/imports", 202), ("create_import", "/v1/imports", 200)] {
        let operation = find(id);
        let answer = sender.send(path, "measure").await.expect(status);
        let says = &operation.says["responses"][status.to_string()];
        types.check_as(&says["content"]["application/json"]["schema"], &answer);
        let is_said = |name: &&String| *name != "Content-Language" && !name.starts_with("RateLimit");
        for header in says["headers"].as_object().unwrap().keys().filter(is_said) {
            assert!(answer.headers.contains_key(header.as_str()), "{status}: {header} is missing");
        }
    }
    for (id, answer, code) in [
        ("create_import", sender.send("/v1/imports", "").await, "malformed"),
        ("get_import", sender.client.get("/v1/imports/none").await, "not_found"),
        ("delete_import", sender.client.send(Method::DELETE, "/v1/imports/none", &[]).await, "not_found"),
        (
            "delete_import",
            sender.client.send(Method::DELETE, "/v1/imports/1?reason=x", &[]).await,
            "conflict",
        ),
        ("delete_release", sender.client.send(Method::DELETE, "/v1/releases/none", &[]).await, "not_found"),
    ] {
        types.check_refusal(find(id), code, &answer);
    }
    let deleted = sender.client.send(Method::DELETE, "/v1/releases/42?reason=x", &[]).await.expect(200);
    let says = &find("delete_release").says["responses"]["200"]["content"]["application/json"]["schema"];
    types.check_as(says, &deleted);
    for told in find("list_imports").told().iter().chain(&find("get_import").told()) {
        let answer = sender.client.get(told).await.expect(200);
        assert_ne!(answer.json()["data"], json!([]), "{told}");
    }
}

#[test]
fn the_readme_names_every_path() {
    let readme = include_str!("../../README.md");
    let paths = Operation::all(&document::document()).into_iter().map(|operation| operation.path);
    let missing: Vec<String> = paths.filter(|path| !readme.contains(&format!("`{path}`"))).collect();
    assert!(missing.is_empty(), "README.md does not name {missing:?} in its table of endpoints");
}
