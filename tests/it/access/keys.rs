//! A key's life: made, sent, noted, revoked; and what is no key.

use std::time::{Duration, Instant};

use china_auto::access::{Actor, Scope, list, revoke};

use super::key;
use crate::client::Client;
use crate::cluster::{clock, program};
use crate::service::{Service, command};

/// After how long a key that was revoked must be of no use.
const REVOKED_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_key_that_is_revoked_is_of_no_use_within_seconds_wherever_it_was_used() {
    let client = Client::bundled().await;
    let database = client.database.database.clone();
    let sent = key(&database, &[Scope::Read], None).await;
    client.get_by(&sent, "/v1").await.expect(200);
    let one = list(&database).await.unwrap().remove(0);
    assert!(revoke(&database, &one.prefix, &Actor::of_command_line(), clock().now()).await.unwrap());
    assert!(!revoke(&database, &one.id.to_string(), &Actor::of_command_line(), clock().now()).await.unwrap());
    let deadline = Instant::now() + REVOKED_WITHIN;
    while client.get_by(&sent, "/v1").await.status == 200 {
        assert!(Instant::now() < deadline, "it is still taken");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let refused = client.get_by(&sent, "/v1/production").await.expect(401);
    refused.problem("unauthorized");
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    assert!(
        refused.text().contains("was revoked") && !refused.text().contains(&sent[20..]),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn what_is_no_key_is_refused_where_none_is_needed_too() {
    let client = Client::bundled().await;
    let sent = key(&client.database.database, &[Scope::Read], None).await;
    let text = sent.trim_start_matches("Bearer ");
    let unknown = format!("Bearer ca_00000000_{}", "0".repeat(64));
    for wrong in [unknown.as_str(), "Bearer", "Bearer x", "Basic dTpw", text, &format!("{sent}0")] {
        client.get_by(wrong, "/v1/production").await.expect(401).problem("unauthorized");
    }
    for path in [
        format!("/v1/production?key={text}"),
        format!("/v1/production?geo={text}"),
        format!("/v1/sources/{text}"),
    ] {
        let refused = client.get(&path).await.expect(400);
        refused.problem("malformed");
        assert!(!refused.text().contains(&text[12..]), "{}", refused.text());
    }
    client.get_by(&sent.replace("Bearer", "bearer"), "/v1/production").await.expect(200);
    for path in ["/livez", "/problems", "/openapi.json"] {
        client.get_by(&unknown, path).await.expect(200);
    }
}

#[tokio::test]
async fn a_service_without_a_folder_reads_and_says_that_it_takes_nothing_in() {
    let database = crate::cluster::migrated().await;
    let sent = key(&database.database, &[Scope::Admin], None).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut start = command(program(), &file.path().join("no-folder"));
    start.env("DATABASE_URL", database.url());
    let mut service = Service::spawn(start);
    let base = service.url("");
    let client = reqwest::Client::new();
    let ask = async |method: reqwest::Method, path: &str| {
        let asked = client.request(method, format!("{base}{path}")).header("authorization", &sent).body("x");
        let answer = asked.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(ask(reqwest::Method::GET, "/v1/datasets").await.0, 200);
    let (status, text) = ask(reqwest::Method::POST, "/v1/imports?dataset=production").await;
    assert!(status == 403 && text.contains("nothing is taken in here"), "{text}");
    assert!(service.stopped().contains("no file is taken in over HTTP"));
}

#[tokio::test]
async fn only_a_hash_of_a_key_is_stored() {
    let client = Client::empty().await;
    let sent = key(&client.database.database, &[Scope::Admin], None).await;
    let random = sent.rsplit('_').next().unwrap();
    let mut connection = client.database.database.writer().await.unwrap();
    for table in ["api_key", "audit"] {
        let rows = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
        let rows: String =
            sqlx::query_scalar(sqlx::AssertSqlSafe(rows)).fetch_one(&mut connection).await.unwrap();
        assert!(rows.contains("ca_") && !rows.contains(random), "{table}: {rows}");
    }
    let changed = sqlx::query("DELETE FROM audit").execute(&mut connection).await.unwrap_err().to_string();
    assert!(changed.contains("only added to"), "{changed}");
}

#[tokio::test]
async fn keys_are_made_and_revoked_on_the_command_line_and_the_log_has_none() {
    let folder = tempfile::tempdir().unwrap();
    crate::cluster::open(folder.path());
    let mut service = Service::on(folder.path());
    let base = service.url("");
    let run = |arguments: &[&str]| {
        let done = command(program(), folder.path()).args(arguments).output().unwrap();
        (
            done.status.success(),
            String::from_utf8(done.stdout).unwrap(),
            String::from_utf8(done.stderr).unwrap(),
        )
    };
    let (done, none, _) = run(&["keys", "list"]);
    assert!(done && none.contains("there is no key"), "{none}");
    let (done, made, faults) = run(&["keys", "create", "the desk", "--scope", "admin", "--expires", "90d"]);
    assert!(done, "{faults}");
    let text = made.lines().next().unwrap();
    let ask = async |key: &str, path: &str| {
        let sent = reqwest::Client::new().get(format!("{base}{path}")).bearer_auth(key).send().await.unwrap();
        (sent.status().as_u16(), sent.text().await.unwrap())
    };
    let (status, audit) = ask(text, "/v1/audit").await;
    assert!(status == 200 && audit.contains("key.created") && audit.contains("command line, "), "{audit}");
    assert_eq!(ask(text, &format!("/v1/sources?q={text}")).await.0, 400);
    let (done, listed, _) = run(&["keys", "list"]);
    assert!(done && listed.contains("\"the desk\": admin on all datasets"), "{listed}");
    assert!(!listed.contains(text), "{listed}");
    let (done, _, faults) = run(&["keys", "create", "x", "--dataset", "nowhere"]);
    assert!(!done && faults.contains("there is no dataset \"nowhere\""), "{faults}");
    let (done, _, faults) = run(&["keys", "revoke", "7"]);
    assert!(!done && faults.contains("there is no key \"7\""), "{faults}");
    let (done, revoked, _) = run(&["keys", "revoke", &text[..11]]);
    assert!(done && revoked.contains("is revoked"), "{revoked}");
    let deadline = Instant::now() + REVOKED_WITHIN;
    while ask(text, "/v1/audit").await.0 == 200 {
        assert!(Instant::now() < deadline, "it is still taken");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let log = service.stopped();
    assert!(log.contains("/v1/audit") && !log.contains(&text[12..]), "{log}");
}
