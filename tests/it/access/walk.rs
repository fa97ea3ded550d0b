//! Who gets in where: every operation of the document, with each kind of key.

use axum::body::Body;
use axum::http::Method;
use china_auto::access::{Actor, Scope, Wish, revoke};
use china_auto::http::document;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{key, made};
use crate::client::Answer;
use crate::cluster::clock;
use crate::intake::Sender;

/// What an operation takes, as the document says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// It is no operation on data: nobody looks at keys.
    Nothing,
    /// No key, or any that is of use.
    Any,
    Write,
    Admin,
}

struct Operation {
    method: Method,
    path: String,
    body: Option<Value>,
    takes: Takes,
}

fn operations() -> Vec<Operation> {
    let document = document::document();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, says) in item.as_object().unwrap() {
            let examples = &says["requestBody"]["content"]["application/json"]["examples"];
            let body = examples.as_object().and_then(|all| Some(all.values().next()?["value"].clone()));
            let secured = &says["security"];
            let takes = match path.as_str() {
                _ if secured.is_null() => Takes::Nothing,
                "/v1/audit" => Takes::Admin,
                _ if *secured == json!([{"key": []}]) => Takes::Write,
                _ => Takes::Any,
            };
            assert_eq!(path.starts_with("/v1"), takes != Takes::Nothing, "{path} does not say what it takes");
            all.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: filled(path, says),
                body,
                takes,
            });
        }
    }
    assert!(all.len() > 40, "the document is not what it was");
    all
}

/// The path with its examples, and the parameters that it does not go without.
fn filled(path: &str, says: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut path = path.to_owned();
    let mut pairs = Vec::new();
    for parameter in says["parameters"].as_array().into_iter().flatten() {
        let name = text(&parameter["name"]);
        if parameter["in"] == "path" {
            path = path.replace(&format!("{{{name}}}"), &text(&parameter["example"]));
        } else if parameter["required"] == true {
            pairs.push(format!("{name}={}", text(&parameter["schema"]["examples"][0])));
        }
    }
    if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) }
}

async fn ask(sender: &Sender, operation: &Operation, key: Option<&str>) -> Answer {
    let mut headers: Vec<(&str, &str)> = key.map(|key| ("authorization", key)).into_iter().collect();
    let body = operation.body.as_ref().map_or_else(Body::empty, |body| {
        headers.push(("content-type", "application/json"));
        Body::from(body.to_string())
    });
    sender.client.send_body((operation.method.clone(), &operation.path), &headers, body).await
}

#[tokio::test]
async fn every_operation_lets_in_whom_it_says_and_nobody_else() {
    let sender = Sender::keyed().await;
    let database = sender.client.database.database.clone();
    let wish =
        Wish { name: "short".to_owned(), scopes: vec![Scope::Admin], datasets: None, expires_at: None };
    let expired =
        made(&database, Wish { expires_at: Some(clock().now() - TimeDelta::seconds(1)), ..wish.clone() })
            .await;
    let revoked = made(&database, wish).await;
    revoke(&database, &revoked[7..18], &Actor::of_command_line(), clock().now()).await.unwrap();
    let read = key(&database, &[Scope::Read], None).await;
    let write = key(&database, &[Scope::Write], None).await;
    let admin = key(&database, &[Scope::Admin], None).await;
    let other = key(&database, &[Scope::Write], Some(&["charging"])).await;
    let wrong = format!("Bearer ca_01234567_{}", "a".repeat(64));
    let mut walked = 0;
    for operation in operations() {
        // What the answer is beyond the door is no matter here; a file without a name of its dataset is refused further in.
        let expected = |takes: Takes| match takes {
            Takes::Nothing => [None; 8],
            Takes::Any => [None, Some(401), Some(401), Some(401), None, None, None, None],
            Takes::Write => [Some(401), Some(401), Some(401), Some(401), Some(403), None, None, Some(403)],
            Takes::Admin => {
                [Some(401), Some(401), Some(401), Some(401), Some(403), Some(403), None, Some(403)]
            }
        };
        let operation = if operation.takes == Takes::Write && operation.path == "/v1/imports" {
            Operation { path: "/v1/imports?dataset=production".to_owned(), ..operation }
        } else {
            operation
        };
        let callers = [
            ("none", None),
            ("wrong", Some(&wrong)),
            ("expired", Some(&expired)),
            ("revoked", Some(&revoked)),
            ("read", Some(&read)),
            ("write", Some(&write)),
            ("admin", Some(&admin)),
            ("other dataset", Some(&other)),
        ];
        // Those who are let in come last, since what they ask for is done.
        let mut order: Vec<_> = callers.into_iter().zip(expected(operation.takes)).collect();
        order.sort_by_key(|(_, expected)| expected.is_none());
        for ((name, key), expected) in order {
            let answer = ask(&sender, &operation, key.map(String::as_str)).await;
            let what = format!("{} {} with {name}: {}", operation.method, operation.path, answer.text());
            match expected {
                Some(status) => {
                    assert_eq!(answer.status, status, "{what}");
                    answer.problem(if status == 401 { "unauthorized" } else { "forbidden" });
                }
                None => assert!(![401, 403].contains(&answer.status) && answer.status < 500, "{what}"),
            }
            walked += 1;
        }
    }
    assert!(walked > 320, "{walked}");
}
