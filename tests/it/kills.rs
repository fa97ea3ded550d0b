//! The service and its PostgreSQL killed at random moments of imports: each import is there whole or not at all, none that was
//! acknowledged is lost, and readers never see a mixture. `KILLS=50` sets how often.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use serde_json::Value;

use crate::cluster;
use crate::import::monthly;
use crate::service::{Service, command, postgres};

/// How long anything may take before the test gives up on it.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often what takes in files is killed where nobody says otherwise.
const KILLS: u64 = 12;

/// What is read: parts beside the whole that they are declared to be.
const READ: &str = "/v1/production?measure=exports&source=redplanx&geo=CN-GD&vehicle_class=PV,CV,CV_BUS\
    &powertrain=BEV,PHEV,FCEV,NEV&frequency=M&start=2020&limit=10000";

/// How many parts each figure is of what the file is made from.
fn share(row: &Value) -> u64 {
    match row["powertrain"].as_str() {
        Some("BEV") => 1,
        Some("PHEV") => 2,
        Some("FCEV") => 3,
        _ => 6,
    }
}

/// Reads all the while, and holds each answer against itself and against the last one.
#[derive(Clone)]
struct Readers {
    address: Arc<std::sync::Mutex<String>>,
    ended: Arc<AtomicBool>,
    last: Arc<AtomicU64>,
    answers: Arc<AtomicU64>,
}

impl Readers {
    /// What all figures of an answer are made from.
    fn base(rows: &[Value]) -> u64 {
        let base = |row: &Value| row["value"].as_u64().unwrap() / share(row);
        let one = rows.first().map_or(0, base);
        assert!(rows.iter().all(|row| base(row) == one), "a mixture: {one} and others");
        one
    }

    async fn read(self) {
        while !self.ended.load(Ordering::Relaxed) {
            let url = format!("{}{READ}", self.address.lock().unwrap());
            let before = self.last.load(Ordering::SeqCst);
            let answer = match reqwest::get(url).await {
                Ok(answer) if answer.status() == 200 => answer.bytes().await.ok(),
                _ => None,
            };
            // An answer that was cut off by a kill is none.
            let Some(body) = answer.and_then(|body| serde_json::from_slice::<Value>(&body).ok()) else {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let seen = Self::base(body["data"].as_array().unwrap());
            assert!(seen >= before, "what was read as {before} is {seen} again");
            self.last.fetch_max(seen, Ordering::SeqCst);
            self.answers.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn start(data_dir: &Path) -> Service {
    let mut command = command(cluster::program(), data_dir);
    command.args(["--no-bundled-data=false", "--allow-anonymous-writes"]);
    Service::spawn(command)
}

/// Sends a file; `None` where the service does not say that it has it.
async fn send(base: &str, round: u64) -> Option<u64> {
    let path = format!("{base}/v1/imports?dataset=production&licence=ours&published={}", 1900 + round);
    let sent = reqwest::Client::new().post(path).body(monthly(u32::try_from(round).unwrap())).send().await;
    let answer = sent.ok().filter(|answer| answer.status() == 202)?;
    answer.json::<Value>().await.ok()?["data"]["id"].as_u64()
}

/// Waits until an import is done.
async fn done(base: &str, import: u64) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let told: Value = match reqwest::get(format!("{base}/v1/imports/{import}")).await {
            Ok(answer) => answer.json().await.unwrap(),
            Err(error) => panic!("import {import} cannot be asked for: {error}"),
        };
        match told["data"]["state"].as_str() {
            Some("done") => return,
            Some("waiting" | "running") => {}
            _ => panic!("import {import}, which was acknowledged: {told}"),
        }
        assert!(Instant::now() < deadline, "import {import} stays {told}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until none is on its way: one that was not acknowledged may have been entered all the same.
async fn idle(base: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = reqwest::get(format!("{base}/v1/imports?state=waiting,running")).await.unwrap();
        let told: Value = answer.json().await.unwrap();
        if told["data"].as_array().unwrap().is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "it stays {told}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_kill_loses_an_import_or_shows_half_of_one() {
    let kills = std::env::var("KILLS").ok().map_or(KILLS, |kills| kills.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    cluster::open(folder.path());
    let mut service = start(folder.path());
    let mut base = service.url("");
    let readers = Readers {
        address: Arc::new(std::sync::Mutex::new(base.clone())),
        ended: Arc::default(),
        last: Arc::default(),
        answers: Arc::default(),
    };
    let reading = [tokio::spawn(readers.clone().read()), tokio::spawn(readers.clone().read())];
    let (mut newest, mut acknowledged) = (0, 0);
    for round in 1..=kills {
        // From before the file has arrived to after it is taken in.
        let moment = Duration::from_millis(RandomState::new().build_hasher().finish() % 900);
        let sending = tokio::spawn({
            let base = base.clone();
            async move { send(&base, round).await }
        });
        tokio::time::sleep(moment).await;
        if round % 2 == 0 {
            kill(postgres(folder.path()).unwrap(), Signal::SIGKILL).unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        service.signal(Signal::SIGKILL);
        service.ended();
        let import = sending.await.unwrap();
        service = start(folder.path());
        base = service.url("");
        readers.address.lock().unwrap().clone_from(&base);
        if let Some(import) = import {
            done(&base, import).await;
            (newest, acknowledged) = (round, acknowledged + 1);
        }
        idle(&base).await;
        let rows: Value = reqwest::get(format!("{base}{READ}")).await.unwrap().json().await.unwrap();
        let stands = Readers::base(rows["data"].as_array().unwrap());
        assert!(
            stands == newest || stands == round,
            "round {round} after {moment:?}: {stands} and not {newest}"
        );
        newest = stands;
    }
    assert!(acknowledged > 0, "no kill came after an acknowledgement");
    readers.ended.store(true, Ordering::Relaxed);
    for reader in reading {
        reader.await.unwrap();
    }
    let answers = readers.answers.load(Ordering::Relaxed);
    assert!(answers > kills, "only {answers} answers were read meanwhile");
    service.stop();
}
