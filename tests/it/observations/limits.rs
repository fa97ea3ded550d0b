//! How much an answer would hold is told before it is read, and never too low.

use china_auto::params::Params;
use china_auto::timeseries::estimate::{self, Bounds};
use china_auto::timeseries::fetch::{Connections, Reader};
use china_auto::timeseries::request;
use china_auto::timeseries::target::{Stored, ingredients, targets};

use super::whole::everything;
use crate::client::{Answer, Client};

/// The bounds that are told of a query on a dataset before any figure is read.
async fn bounds(client: &Client, path: &str) -> Bounds {
    let (path, query) = path.split_once('?').expect("it has parameters");
    let vocabulary = client.app.vocabularies.current().await.unwrap();
    let dataset = vocabulary.dataset(path.split('/').nth(3).expect("it names a dataset")).unwrap();
    let mut params = Params::parse(query);
    let plan = request::read(&mut params, &vocabulary, dataset);
    params.finish().unwrap();
    let reader = Reader {
        connections: Connections::Pool(&client.app.pool),
        plan: &plan,
        dataset,
        vocabulary: &vocabulary,
        pin: None,
        reads_all: false,
        heavy: None,
    };
    let stored = reader.series(&ingredients(&plan, dataset)).await.unwrap();
    let targets = targets(&plan, dataset, &stored);
    let bounds = |stored: &[Stored]| -> Bounds {
        estimate::bounds(&plan, (dataset, &vocabulary), &targets, stored).into_iter().sum()
    };
    if reader.is_past() {
        // Nothing is certain of a past state.
        return Bounds { least: 0, ..bounds(&reader.ever(&stored).await.unwrap()) };
    }
    bounds(&stored)
}

/// Queries of everything, and whether the estimate is told to be close. Where single months are cut out of series that have a
/// figure now and then, or the past is asked for, it is known beforehand only how much there can be.
const OPEN: [(&str, bool); 23] = [
    ("frequency=*", true),
    ("frequency=*&source=all", true),
    ("frequency=A", true),
    ("frequency=A&source=all", true),
    ("frequency=M&source=all", true),
    ("frequency=A,M&source=all&transform=pct", true),
    ("frequency=A&transform=yoy&start=2015&end=2023", true),
    ("frequency=A&source=all&transform=ma:3", true),
    ("frequency=*&source=all&start=2020", true),
    ("frequency=*&end=2022&fill=null", true),
    ("frequency=*&source=all&last=3", true),
    ("frequency=*&last=12", true),
    ("frequency=M&source=all&fill=null", true),
    ("frequency=A&source=all&agg=last&partial=drop", true),
    ("frequency=*&source=all&as_of=2026", true),
    ("frequency=A&agg=mean", false),
    ("frequency=A&agg=max&partial=drop", false),
    ("frequency=A&agg=first&partial=drop", false),
    ("frequency=M&source=all&start=2021-03&end=2021-03", false),
    ("frequency=M&source=all&start=2024&end=2024&last=2", false),
    ("frequency=*&source=all&start=2022&end=2024-06", false),
    ("frequency=M&start=2020&end=2020&fill=null", false),
    ("frequency=*&source=all&as_of=2022", false),
];

#[tokio::test]
async fn the_estimate_of_an_open_query_is_never_too_low_and_at_most_a_quarter_too_high() {
    let client = Client::bundled().await;
    let quarters = [("frequency=Q&source=all", false), ("frequency=Q&source=all&partial=drop", false)];
    let mut faults = Vec::new();
    for (dataset, more) in [("production", &quarters[..]), ("charging", &[])] {
        let all = everything(dataset);
        let open = all.strip_suffix("frequency=*").unwrap();
        for (query, is_close) in OPEN.iter().chain(more) {
            let path = format!("{open}{query}");
            let Bounds { least, most } = bounds(&client, &path).await;
            let held = client.get(&format!("{path}&format=csv")).await.expect(200).csv().len() as u64;
            let bounded = (least..=most).contains(&held);
            if !bounded || (*is_close && most * 4 > held * 5) {
                faults.push(format!("{dataset} {query}: {least} <= {held} <= {most}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn what_is_surely_too_large_is_refused_before_a_figure_is_read() {
    let client = Client::bundled().await;
    let query = format!("{}&source=all", everything("production"));
    let held = client.get(&format!("{query}&format=csv")).await.expect(200).csv().len();
    let figures = client.database.hold(FIGURES).await;
    for more in ["shape=series", "shape=columns&transform=yoy", "shape=array&fill=null", "last=10000"] {
        let answer = client.get(&format!("{query}&{more}")).await.expect(413);
        answer.problem("too_large");
        let estimate = estimate_in(&answer);
        assert!(more.contains("fill") || (held..=held * 5 / 4).contains(&estimate), "{more}: {estimate}");
    }
    client.get(&query).await.expect(504).problem("timeout");
    figures.release().await;
}

#[tokio::test]
async fn what_may_be_too_large_is_read_until_it_is() {
    let client = Client::bundled().await;
    // How much of what has ever held did so at a past date, only the figures and their documents tell.
    let query = format!("{}&source=all&as_of=2026", everything("production"));
    let answer = client.get(&format!("{query}&shape=columns")).await.expect(413);
    let held = client.get(&format!("{query}&format=csv")).await.expect(200).csv().len();
    assert!((held..=held * 5 / 4).contains(&estimate_in(&answer)), "{}", answer.text());
}

/// The tables that hold figures.
const FIGURES: [&str; 4] =
    ["observation_chunk", "observation_history", "observation_note", "observation_restatement"];

/// The number of observations that a problem tells.
fn estimate_in(answer: &Answer) -> usize {
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("10000") && detail.contains("format=csv"), "{detail}");
    detail.split(' ').find_map(|word| word.parse().ok()).expect("it tells a number")
}
