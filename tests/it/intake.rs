//! Files that are sent to the service: taken in whole or not at all, told all the while, never forgotten, and taken back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::Method;
use china_auto::catalog::Vocabularies;
use china_auto::ingest::file::{Done, Job, Kept, Mapping, Options, Progress, Received, import};
use china_auto::intake::{Intake, Settings};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::client::{Answer, Client};
use crate::cluster::{clock, program};
use crate::service::{Service, command};

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_mins(1);

/// The lock that imports hold.
const LOCK: i64 = 0x6368_696e_6175_746f;

const HEADER: &str = "measure,source,geo,maker,brand,model,vehicle_class,powertrain,frequency,period,value\n";
const ROW: &str = "sales,caam,CN-GD,_T,_T,_T,PV,BEV,M,2026-01,1234\n";
const WHERE: &str = "/v1/imports?dataset=production&licence=ours&name=own.csv";
const FIGURE: &str =
    "/v1/production?measure=sales&source=caam&geo=CN-GD&vehicle_class=PV&powertrain=BEV&frequency=M";

/// A service that takes files in from whoever sends them.
pub struct Sender {
    pub client: Client,
    data_dir: tempfile::TempDir,
    intake: Intake,
}

/// What takes in the files of a sender.
pub struct Worker {
    stop: watch::Sender<bool>,
    work: JoinHandle<()>,
}

async fn open(client: &Client, data_dir: &Path, most_bytes: u64) -> Intake {
    let vocabularies: Vocabularies = client.app.vocabularies.clone();
    let settings = Settings { data_dir, most_bytes, kept: Some(Kept::of(data_dir)) };
    let opened = Intake::open(client.database.database.clone(), settings, vocabularies, clock());
    opened.await.unwrap().expect("nobody else has the folder")
}

impl Sender {
    /// With the bundled data, and so much room for files that wait.
    pub async fn with_room(most_bytes: u64) -> Self {
        let client = Client::bundled().await;
        let data_dir = tempfile::tempdir().unwrap();
        let intake = open(&client, data_dir.path(), most_bytes).await;
        let client = client.tuned(|app| (app.intake, app.anonymous_writes) = (Some(intake.clone()), true));
        Self { client, data_dir, intake }
    }

    /// One that takes files from keys alone.
    pub async fn keyed() -> Self {
        let Self { client, data_dir, intake } = Self::with_room(1 << 20).await;
        Self { client: client.tuned(|app| app.anonymous_writes = false), data_dir, intake }
    }

    /// The same after a restart. What was going on must have ended.
    async fn again(self) -> Self {
        let Self { client, data_dir, intake } = self;
        let client = client.tuned(|app| app.intake = None);
        drop(intake);
        let intake = open(&client, data_dir.path(), 1 << 20).await;
        let client = client.tuned(|app| (app.intake, app.anonymous_writes) = (Some(intake.clone()), true));
        Self { client, data_dir, intake }
    }

    pub fn begin(&self) -> Worker {
        let (stop, stopping) = watch::channel(false);
        Worker { stop, work: tokio::spawn(self.intake.clone().work(stopping)) }
    }

    pub async fn send(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.client.send_body((Method::POST, path), &[], body.into()).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.client.send(Method::DELETE, path, &[]).await
    }

    /// The import, when `is_so` holds of it.
    async fn when(&self, id: &Value, is_so: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let import =
                self.client.get(&format!("/v1/imports/{id}")).await.expect(200).json()["data"].take();
            if is_so(&import) {
                return import;
            }
            assert!(Instant::now() < deadline, "it stays {import}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The import, when it has ended.
    async fn ended(&self, id: &Value) -> Value {
        self.when(id, |import| !import["finished_at"].is_null()).await
    }

    /// The files that wait.
    fn spooled(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.spool()).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// The folder of them: that of this database.
    fn spool(&self) -> PathBuf {
        let entries = fs::read_dir(self.data_dir.path().join("imports/spool")).unwrap();
        let mut folders = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
        folders.next().unwrap()
    }

    async fn connection(&self) -> PgConnection {
        PgConnection::connect_with(&self.client.database.options).await.unwrap()
    }

    async fn execute(&self, statement: String) {
        let mut connection = self.connection().await;
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
}

impl Worker {
    async fn end(self) {
        self.stop.send_replace(true);
        self.work.await.unwrap();
    }
}

#[tokio::test]
async fn a_file_that_is_sent_is_taken_in_once_and_taken_back() {
    let sender = Sender::with_room(1 << 20).await;
    let _worker = sender.begin();
    assert_eq!(sender.client.rows(FIGURE).await, [json!(null); 0]);
    let sent = sender.send(WHERE, format!("{HEADER}{ROW}")).await.expect(202);
    let id = sent.json()["data"]["id"].clone();
    assert_eq!(sent.header("location"), format!("/v1/imports/{id}"));
    assert_eq!(sent.json()["links"]["self"], sent.header("location"));
    let done = sender.ended(&id).await;
    assert_eq!(
        (&done["state"], &done["rows_read"], &done["is_kept"]),
        (&json!("done"), &json!(1), &json!(true))
    );
    assert_eq!(done["report"]["observations"], 1, "{done}");
    assert_eq!(sender.client.rows(FIGURE).await[0]["value"], 1234);
    let releases = sender.client.rows(done["links"]["releases"].as_str().unwrap()).await;
    let release = releases[0]["id"].clone();
    assert_eq!((&releases[0]["import"], &releases[0]["collection"]), (&id, &json!("production")));

    let again = sender.send(WHERE, format!("{HEADER}{ROW}")).await.expect(200);
    assert_eq!(again.json()["data"]["id"], id);
    sender.send(&format!("{WHERE}&dry_run=true"), format!("{HEADER}{ROW}")).await.expect(200);
    let path = format!("{WHERE}&document=third&dry_run=true");
    let checked = sender.send(&path, format!("{HEADER}{ROW}")).await.expect(202);
    assert_eq!(sender.ended(&checked.json()["data"]["id"]).await["state"], "checked");
    assert_eq!(sender.spooled().len(), 0);

    let withdraw = format!("/v1/releases/{release}");
    sender.delete(&withdraw).await.expect(422);
    let gone = sender.delete(&format!("{withdraw}?reason=a slip")).await.expect(200).json();
    assert_eq!(gone["data"]["withdrawn_reason"], "a slip");
    assert_eq!(sender.client.rows(FIGURE).await, [json!(null); 0]);
    sender.delete(&format!("{withdraw}?reason=again")).await.expect(200);
    assert_eq!(sender.client.get(&withdraw).await.json()["data"]["withdrawn_reason"], "a slip");
    // What nobody counts any more can be taken in again, and withdrawn as a whole.
    let other = sender.send(&format!("{WHERE}&document=second"), format!("{HEADER}{ROW}")).await.expect(202);
    let other = other.json()["data"]["id"].clone();
    sender.ended(&other).await;
    assert_eq!(sender.client.rows(FIGURE).await[0]["document"], "second");
    sender.delete(&format!("/v1/imports/{other}")).await.expect(422);
    let gone = sender.delete(&format!("/v1/imports/{other}?reason=all of it")).await.expect(200).json();
    assert_eq!(gone["data"]["withdrawn"], 1, "{gone}");
    assert_eq!(sender.client.rows(FIGURE).await, [json!(null); 0]);
    for (path, status) in
        [("/v1/imports/1?reason=x", 409), ("/v1/imports/999?reason=x", 404), ("/v1/releases/1?reason=x", 409)]
    {
        sender.delete(path).await.expect(status);
    }
    let listed = sender.client.rows("/v1/imports?kind=file&state=done").await;
    assert_eq!(listed.iter().map(|import| import["id"].clone()).collect::<Vec<_>>(), [other, id.clone()]);
    sender.client.pages_add_up("/v1/imports?kind=file,bundled", 2).await;
    sender.client.formats_agree("/v1/imports").await;
    let csv = sender.client.get(&format!("/v1/imports/{id}?format=csv")).await.expect(200).csv();
    assert_eq!((csv[0]["id"].as_str(), csv[0]["state"].as_str()), (id.to_string().as_str(), "done"));
}

#[tokio::test]
async fn the_report_of_a_file_names_every_fault() {
    let sender = Sender::with_room(1 << 20).await;
    let _worker = sender.begin();
    let faulty = format!("{HEADER}{ROW}sales,caam,CN-GDD,_T,_T,_T,PV,BEV,M,2026-01,x\n");
    let sent = sender.send(WHERE, faulty.clone()).await.expect(202);
    let refused = sender.ended(&sent.json()["data"]["id"]).await;
    assert_eq!((&refused["state"], &refused["faults"]), (&json!("refused"), &json!(2)));
    let fault = &refused["report"]["faults"]["listed"][0];
    assert_eq!(
        (&fault["line"], &fault["column"], &fault["value"]),
        (&json!(3), &json!("geo"), &json!("CN-GDD"))
    );
    assert!(fault["expected"].as_array().unwrap().contains(&json!("CN-GD")), "{fault}");
    assert_eq!(sender.client.rows(FIGURE).await, [json!(null); 0]);
    let sent = sender.send(&format!("{WHERE}&skip_faulty=true"), faulty).await.expect(202);
    let done = sender.ended(&sent.json()["data"]["id"]).await;
    assert_eq!((&done["state"], &done["report"]["rows_left_out"]), (&json!("done"), &json!(1)));
    assert_eq!(sender.client.rows(FIGURE).await[0]["value"], 1234);
}

#[tokio::test]
async fn what_waits_and_what_is_read_can_be_cancelled() {
    let sender = Sender::with_room(1 << 20).await;
    let mut other = sender.connection().await;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut other).await.unwrap();
    let _worker = sender.begin();
    let first = sender.send(WHERE, format!("{HEADER}{ROW}")).await.expect(202).json()["data"]["id"].clone();
    sender.when(&first, |import| import["state"] == "running").await;
    let path = format!("{WHERE}&document=second");
    let second = sender.send(&path, format!("{HEADER}{ROW}")).await.expect(202).json()["data"]["id"].clone();
    let gone = sender.delete(&format!("/v1/imports/{second}")).await.expect(200).json();
    assert_eq!(gone["data"]["state"], "cancelled");
    assert_eq!(sender.spooled().len(), 1);
    let going = sender.delete(&format!("/v1/imports/{first}")).await.expect(202).json();
    assert_eq!(going["data"]["is_cancelled"], true);
    assert_eq!(sender.ended(&first).await["state"], "cancelled");
    // A withdrawal does not wait for ever for an import.
    sender.delete("/v1/releases/42?reason=x").await.expect(503).problem("unavailable");
    // Whoever sends the same file now wants it.
    let third = sender.send(WHERE, format!("{HEADER}{ROW}")).await.expect(202).json()["data"]["id"].clone();
    other.close().await.unwrap();
    assert_eq!(sender.ended(&third).await["state"], "done");
    assert_eq!(sender.spooled().len(), 0);
    assert_eq!(
        sender.client.rows("/v1/releases?collection=production&source=caam").await[0]["import"],
        third
    );
}

#[tokio::test]
async fn what_cannot_be_received_leaves_nothing() {
    let sender = Sender::with_room(200).await;
    let refusals = [
        (WHERE.to_owned(), Body::empty(), 400),
        (WHERE.to_owned(), Body::from("x".repeat(201)), 413),
        (format!("{WHERE}&dry_rn=true"), Body::from("x"), 422),
        (format!("{WHERE}&refuse_jump=1"), Body::from("x"), 422),
        (WHERE.to_owned(), vanishing(), 400),
    ];
    for (path, body, status) in refusals {
        sender.send(&path, body).await.expect(status);
        assert_eq!(sender.spooled().len(), 0, "{path}");
    }
    let form = [("content-type", "multipart/form-data; boundary=x")];
    sender.client.send_body((Method::POST, WHERE), &form, "x".into()).await.expect(415);
    let said = [("content-length", "201")];
    sender.client.send_body((Method::POST, WHERE), &said, "x".into()).await.expect(413);
    let page = [("origin", "https://elsewhere.example"), ("host", "127.0.0.1:8080")];
    sender.client.send_body((Method::POST, WHERE), &page, "x".into()).await.expect(403);
    sender.client.send(Method::DELETE, "/v1/releases/42?reason=x", &page).await.expect(403);
    // Nobody takes in what waits here: the room is taken until somebody does.
    sender.send(WHERE, "x".repeat(150)).await.expect(202);
    let full = sender.send(&format!("{WHERE}&document=second"), "y".repeat(51)).await.expect(507);
    full.problem("storage_full");
    sender.send(&format!("{WHERE}&document=second"), "y".repeat(50)).await.expect(202);
    assert_eq!(sender.client.rows("/v1/imports?state=waiting").await.len(), 2);
}

/// A body whose sender goes away in the middle.
fn vanishing() -> Body {
    let pieces =
        [Ok(Bytes::from_static(b"measure,")), Err(std::io::Error::other("the connection was reset"))];
    Body::from_stream(futures_util::stream::iter(pieces))
}

#[tokio::test]
async fn a_service_takes_files_from_keys_alone_and_says_so() {
    let client = Client::bundled().await;
    for (method, path) in [
        (Method::POST, WHERE),
        (Method::DELETE, "/v1/imports/1?reason=x"),
        (Method::DELETE, "/v1/releases/42?reason=x"),
    ] {
        let refused = client.send_body((method, path), &[], "x".into()).await.expect(401);
        refused.problem("unauthorized");
        assert!(refused.text().contains("a key with the scope write"), "{}", refused.text());
    }
    client.get("/v1/imports/1").await.expect(200);
}

#[tokio::test]
async fn more_files_at_a_time_than_are_received_are_told_to_come_again() {
    let sender = Sender::with_room(1 << 20).await;
    let held: Vec<_> = (0..4)
        .map(|_| {
            let (piece, pieces) = tokio::sync::oneshot::channel::<()>();
            let body = futures_util::stream::once(async move {
                pieces.await.ok();
                Ok::<_, std::io::Error>(Bytes::from_static(b"x"))
            });
            (piece, Body::from_stream(body))
        })
        .collect();
    let (pieces, bodies): (Vec<_>, Vec<_>) = held.into_iter().unzip();
    let sending = futures_util::future::join_all(bodies.into_iter().map(|body| sender.send(WHERE, body)));
    let fifth = async {
        while sender.spooled().len() < 4 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        sender.send(WHERE, "x").await.expect(503);
        drop(pieces);
    };
    let (answers, ()) = tokio::join!(sending, fifth);
    // All four sent the same: one is new, the others are answered with it.
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 202]);
    assert_eq!(sender.spooled().len(), 1);
}

#[tokio::test]
async fn after_a_restart_what_waited_goes_on_and_what_is_lost_is_told() {
    let sender = Sender::with_room(1 << 20).await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        let path = format!("{WHERE}&document={name}");
        let row = ROW.replace("1234", &format!("{}", 1234 + ids.len()));
        ids.push(sender.send(&path, format!("{HEADER}{row}")).await.expect(202).json()["data"]["id"].clone());
    }
    let state = |id: &Value, set: &str| format!("UPDATE import SET {set} WHERE import_id = {id}");
    sender.execute(state(&ids[0], "state = 'running', attempts = 1")).await;
    sender.execute(state(&ids[1], "state = 'running', is_cancelled = true")).await;
    sender.execute(state(&ids[3], "state = 'running', attempts = 10")).await;
    let spool = sender.spool();
    fs::remove_file(spool.join(ids[2].to_string())).unwrap();
    fs::write(spool.join("12345"), "of no import").unwrap();
    fs::write(spool.join(".tmpA"), "half a file").unwrap();
    let sender = sender.again().await;
    let worker = sender.begin();
    assert_eq!(sender.ended(&ids[0]).await["state"], "done");
    assert_eq!(sender.ended(&ids[1]).await["state"], "cancelled");
    let lost = sender.ended(&ids[2]).await;
    assert_eq!(
        (&lost["state"], lost["detail"].as_str().unwrap().contains("not in the data folder")),
        (&json!("failed"), true)
    );
    let vain = sender.ended(&ids[3]).await;
    assert!(vain["detail"].as_str().unwrap().contains("ended 10 times"), "{vain}");
    assert_eq!(sender.client.rows(FIGURE).await[0]["value"], 1234);
    worker.end().await;
    assert_eq!(sender.spooled().len(), 0);
}

#[tokio::test]
async fn a_stop_has_what_is_under_way_wait_for_the_next_start() {
    let sender = Sender::with_room(1 << 20).await;
    let mut other = sender.connection().await;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut other).await.unwrap();
    let worker = sender.begin();
    let id = sender.send(WHERE, format!("{HEADER}{ROW}")).await.expect(202).json()["data"]["id"].clone();
    sender.when(&id, |import| import["state"] == "running").await;
    worker.end().await;
    assert_eq!(sender.when(&id, |_| true).await["state"], "waiting");
    other.close().await.unwrap();
    let sender = sender.again().await;
    let _worker = sender.begin();
    assert_eq!(sender.ended(&id).await["state"], "done");
}

#[tokio::test]
async fn an_import_ends_although_it_is_asked_how_far_it_is_at_its_very_end() {
    let sender = Sender::with_room(1 << 20).await;
    // Longer than the time between two questions, between the last statement of the import and its commit.
    sender
        .execute(
            "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1.2); RETURN NULL; END';
             CREATE TRIGGER dawdle AFTER UPDATE ON import FOR EACH ROW WHEN (NEW.state = 'done') EXECUTE FUNCTION dawdle()"
                .to_owned(),
        )
        .await;
    let _worker = sender.begin();
    let id = sender.send(WHERE, format!("{HEADER}{ROW}")).await.expect(202).json()["data"]["id"].clone();
    assert_eq!(sender.ended(&id).await["state"], "done");
}

#[tokio::test]
async fn what_waits_for_one_database_is_left_alone_by_a_service_on_another() {
    let sender = Sender::with_room(1 << 20).await;
    let id = sender.send(WHERE, format!("{HEADER}{ROW}")).await.expect(202).json()["data"]["id"].clone();
    let other = Client::bundled().await;
    let intake = open(&other, sender.data_dir.path(), 1 << 20).await;
    let (stop, stopping) = watch::channel(false);
    let work = tokio::spawn(intake.work(stopping));
    Worker { stop, work }.end().await;
    let sender = sender.again().await;
    let _worker = sender.begin();
    assert_eq!(sender.ended(&id).await["state"], "done");
}

#[tokio::test]
async fn an_import_whose_service_is_gone_can_be_cancelled() {
    let sender = Sender::with_room(1 << 20).await;
    sender
        .execute(
            "INSERT INTO import (kind, state, checksum, options, spool) VALUES ('file', 'running', '\\x00', '{}', 'elsewhere')"
                .to_owned(),
        )
        .await;
    let id = sender.client.rows("/v1/imports?state=running").await[0]["id"].clone();
    let gone = sender.delete(&format!("/v1/imports/{id}")).await.expect(200).json();
    assert_eq!(gone["data"]["state"], "cancelled");
}

#[tokio::test]
async fn a_file_whose_figures_were_replaced_can_be_sent_again() {
    let sender = Sender::with_room(1 << 20).await;
    let _worker = sender.begin();
    let path = format!("{WHERE}&document=own");
    let send = async |path: &str, value: &str| {
        let text = format!("{HEADER}{}", ROW.replace("1234", value));
        let id = sender.send(path, text).await.expect(202).json()["data"]["id"].clone();
        assert_eq!(sender.ended(&id).await["state"], "done");
        id
    };
    send(&path, "1").await;
    let slip = send(&format!("{path}&replace=true"), "2").await;
    sender.delete(&format!("/v1/imports/{slip}?reason=a slip")).await.expect(200);
    assert_eq!(sender.client.rows(FIGURE).await, [json!(null); 0]);
    send(&path, "1").await;
    assert_eq!(sender.client.rows(FIGURE).await[0]["value"], 1);
}

#[tokio::test]
async fn imports_at_once_and_a_start_beside_them_wait_or_do_not_need_to() {
    let sender = Sender::with_room(1 << 20).await;
    let mut other = sender.connection().await;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut other).await.unwrap();
    let _worker = sender.begin();
    let sent = sender.send(WHERE, format!("{HEADER}{ROW}")).await.expect(202).json()["data"]["id"].clone();
    sender.when(&sent, |import| import["state"] == "running").await;
    // Another instance on the same database starts while an import is under way.
    let data_dir = tempfile::tempdir().unwrap();
    let mut command = command(program(), data_dir.path());
    command.args(["--no-bundled-data=false", "--database-url", &sender.client.database.url()]);
    let mut instance = Service::spawn(command);
    assert_eq!(reqwest::get(instance.url("/readyz")).await.unwrap().status(), 200);
    // Others from the command line and a withdrawal come to it meanwhile.
    let folder = tempfile::tempdir().unwrap();
    let imports = (2..6_u32).map(|number| {
        let path = folder.path().join(format!("{number}.csv"));
        fs::write(&path, format!("{HEADER}{}", ROW.replace("1234", &number.to_string()))).unwrap();
        let received = Received::at(&path).unwrap();
        let says =
            format!("dataset = 'production'\n[document]\npublished = '200{number}'\nlicence = 'ours'\n");
        let options = Options { says: Mapping::parse(&says).unwrap(), ..Options::default() };
        let database = &sender.client.database.database;
        async move {
            let job = Job::new(&received, &options);
            import(database, job, &clock(), &Progress::default()).await.unwrap()
        }
    });
    // A withdrawal waits only for a while: then it is to be asked for again.
    let withdrawal = async {
        loop {
            let answer = sender.delete("/v1/releases/42?reason=x").await;
            if answer.status != 503 {
                return answer;
            }
        }
    };
    let ending = async { other.close().await.unwrap() };
    let (done, withdrawn, ()) = tokio::join!(futures_util::future::join_all(imports), withdrawal, ending);
    assert!(done.iter().all(|done| matches!(done, Done::Taken(..))), "{done:?}");
    withdrawn.expect(200);
    assert_eq!(sender.ended(&sent).await["state"], "done");
    // Undated statements come before dated ones, whatever came in first.
    assert_eq!(sender.client.rows(FIGURE).await[0]["value"], 5);
    let seen: Value = reqwest::get(instance.url(FIGURE)).await.unwrap().json().await.unwrap();
    assert_eq!(seen["data"][0]["value"], 5);
    instance.stop();
}

/// Has PostgreSQL say that its disk is full, as often as a sequence allows, when a row comes to a table.
fn full_disk(name: &str, when: &str, times: u32) -> String {
    format!(
        "CREATE SEQUENCE {name}_times;
         CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN
             IF nextval('{name}_times') <= {times} THEN
               RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
             END IF;
             RETURN NEW;
           END $$;
         CREATE TRIGGER {name} {when} FOR EACH ROW EXECUTE FUNCTION {name}()"
    )
}

#[tokio::test]
async fn an_import_that_fills_the_databases_disk_fails_at_once_and_can_be_sent_again() {
    let sender = Sender::with_room(1 << 20).await;
    let worker = sender.begin();
    sender.execute(full_disk("no_room", "BEFORE INSERT ON release", 1)).await;
    // Not even its end finds room at first; it is not begun again for that.
    sender
        .execute(
            full_disk("no_end", "BEFORE UPDATE ON import", 1)
                .replace("FOR EACH ROW", "FOR EACH ROW WHEN (NEW.state = 'failed')"),
        )
        .await;
    let id = sender.send(WHERE, format!("{HEADER}{ROW}")).await.expect(202).json()["data"]["id"].clone();
    let failed = sender.ended(&id).await;
    let detail = failed["detail"].as_str().unwrap();
    assert_eq!(failed["state"], "failed", "{failed}");
    assert!(
        detail.contains("no room on the database's disk") && detail.contains("send it again"),
        "{detail}"
    );
    let mut connection = sender.connection().await;
    let attempts = sqlx::query_scalar("SELECT attempts FROM import WHERE state = 'failed'");
    let attempts: i32 = attempts.fetch_one(&mut connection).await.unwrap();
    assert_eq!((attempts, sender.client.rows(FIGURE).await.len()), (1, 0));
    worker.end().await;
    assert_eq!(sender.spooled().len(), 0);

    let _worker = sender.begin();
    let again = sender.send(WHERE, format!("{HEADER}{ROW}")).await.expect(202).json()["data"]["id"].clone();
    assert_eq!(sender.ended(&again).await["state"], "done");
    assert_eq!(sender.client.rows(FIGURE).await[0]["value"], 1234);
}
