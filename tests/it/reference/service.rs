//! The comparison through the front door: random worlds written as data files, loaded one state after the other into a
//! database, and asked over HTTP.

use std::time::{SystemTime, UNIX_EPOCH};

use china_auto::ingest::load_bundled;
use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use super::front::{path, read, rows};
use super::generate::world;
use super::model::answer;
use super::pack::files;
use super::question::question;
use super::vintage::History;
use super::world::{Query, World};
use crate::client::Client;
use crate::cluster;

/// How many worlds are loaded.
const WORLDS: usize = 30;

/// How many questions are asked of each, spread over its loadings.
const QUESTIONS: usize = 20;

/// Names the seed of a run that is to be repeated.
const SEED: &str = "REFERENCE_SEED";

/// A read that has begun: the next page, what was read, and all that there is.
struct Begun {
    next: String,
    read: Vec<Value>,
    whole: Vec<Value>,
}

#[tokio::test]
async fn what_is_loaded_is_answered_as_the_model_does() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let seed = std::env::var(SEED).map_or(now, |seed| seed.parse().expect("a number"));
    println!("{SEED}={seed} repeats this run");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    for number in 0..WORLDS {
        println!("world {number}");
        let (mut world, history) = some(&mut runner, &world());
        // The files know of no decimals.
        world.measures.iter_mut().for_each(|measure| measure.decimals = 0);
        compare(&mut runner, &world, &history).await;
    }
}

fn some<S: Strategy>(runner: &mut TestRunner, strategy: &S) -> S::Value {
    strategy.new_tree(runner).unwrap().current()
}

/// Loads one state after the other and asks in between.
async fn compare(runner: &mut TestRunner, world: &World, history: &History) {
    let client = Client::of(cluster::migrated().await).await;
    let mut begun: Vec<Begun> = Vec::new();
    for load in 0..history.loads.len() {
        let files = files(world, history, &history.loads[load]);
        load_bundled(&client.database.database, &files, &cluster::clock()).await.unwrap();
        let is_gone = load > 0 && history.withdraws(load);
        for begun in begun.drain(..) {
            finish(&client, begun, is_gone).await;
        }
        let known = history.until(load);
        for _ in 0..QUESTIONS.div_ceil(history.loads.len()) {
            let query = some(runner, &question(world.splits.clone(), history.series.clone()));
            begun.extend(ask(&client, world, &known, &query).await);
        }
    }
}

/// Compares one answer, whole and in pages, and leaves a read of pages to be gone on with.
async fn ask(client: &Client, world: &World, known: &History, query: &Query) -> Option<Begun> {
    let path = path(world, query);
    println!("{path}");
    let as_of = query.as_of.as_ref().map(|date| date.day);
    let world = World { published: known.holding(as_of), ..world.clone() };
    let expected = match answer(&world, query) {
        Ok(answer) => rows(&answer),
        Err(refusal) => {
            let refused = client.get(&path).await.expect(422);
            assert!(refused.faults().iter().any(|(name, _)| name == refusal.parameter), "{path}");
            return None;
        }
    };
    let limit = if query.last.is_some() { "" } else { "&limit=10000" };
    let whole = client.rows(&format!("{path}{limit}")).await;
    let answered = read(&world, query, &whole);
    for (line, other) in expected.iter().zip(&answered) {
        assert_eq!(line, other, "the model and the service differ: {path}");
    }
    assert_eq!(expected.len(), answered.len(), "observations of {path}");
    if query.last.is_some() || whole.is_empty() {
        return None;
    }
    let few = whole.len().div_ceil(3);
    let pages = client.pages(&format!("{path}&limit={few}")).await;
    let read: Vec<Value> = pages.iter().flat_map(crate::client::Answer::data).collect();
    assert_eq!(read, whole, "pages of {path}");
    let next = pages[0].json()["links"]["next"].as_str()?.to_owned();
    Some(Begun { next, read: pages[0].data(), whole })
}

/// Goes on reading after another loading: as if nothing had been loaded, or not at all where something was withdrawn.
async fn finish(client: &Client, begun: Begun, is_gone: bool) {
    let Begun { next, mut read, whole } = begun;
    if is_gone {
        client.get(&next).await.expect(410).problem("cursor_gone");
        return;
    }
    read.extend(client.rows(&next).await);
    assert_eq!(read, whole, "pages from {next}");
}
