//! Typical queries, understood as the service understands them and written by what the service writes them with.

use std::path::Path;

use china_auto::params::Params;
use china_auto::timeseries::dataset::{Dataset, Vocabulary};
use china_auto::timeseries::key::{Dimension, series_id};
use china_auto::timeseries::period::Frequency;
use china_auto::timeseries::plan::{Plan, Selection, Sources};
use china_auto::timeseries::reach::Reach;
use china_auto::timeseries::request::{self, Unnamed};
use china_auto::timeseries::sql::{self, Bind, Codes, Few, Statement};
use china_auto::timeseries::target::ingredients;

use super::data::ROLLUP;
use crate::client::Client;

/// Among what a query may look for its series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// Codes are named: not every series.
    Named,
    /// Every series, for all of them are asked for.
    Open,
}

/// A statement of a typical query.
#[derive(Debug)]
pub struct Query {
    /// What it is of.
    pub name: &'static str,
    pub statement: Statement,
    pub reads: Reads,
}

/// What production is asked for in observations: a name, the parameters, and among which series.
const OBSERVATIONS: [(&str, &str, Reads); 13] = [
    ("one figure, best", "", Reads::Named),
    ("codes and sources listed", "geo=CN,US,JP&source=oica,caam", Reads::Named),
    ("everything", OPEN, Reads::Open),
    ("everything of a source", "measure=*&geo=*&source=oica", Reads::Open),
    ("the past", "as_of=2021", Reads::Named),
    ("everything in the past", "measure=*&geo=*&maker=*&brand=*&model=*&as_of=2021", Reads::Open),
    ("the level below", "geo=children:CN&measure=registrations&frequency=M", Reads::Named),
    ("several frequencies", "frequency=A,Q,M&measure=sales&powertrain=NEV", Reads::Named),
    ("each kind of car", "vehicle_class=*&powertrain=*&measure=sales", Reads::Named),
    ("a maker", "maker=byd&measure=sales&frequency=M", Reads::Named),
    ("a model of any maker", "model=tesla--model-y&measure=registrations&frequency=M", Reads::Named),
    ("a model, whatever is counted", "model=tesla--model-y&measure=*&geo=*&frequency=*", Reads::Named),
    ("the makers of a month", "maker=*&measure=retail&frequency=M&source=all&start=2023-11", Reads::Named),
];

/// Every dimension open.
const OPEN: &str =
    "measure=*&geo=*&maker=*&brand=*&model=*&vehicle_class=*&powertrain=*&source=all&frequency=*";

/// All of them.
pub async fn queries(client: &Client) -> Vec<Query> {
    let vocabulary = client.app.vocabularies.current().await.unwrap();
    let production = vocabulary.dataset("production").unwrap();
    let mut all: Vec<Query> = OBSERVATIONS
        .iter()
        .map(|&(name, query, reads)| {
            let plan = understood(&vocabulary, production, query, request::read);
            let past = plan.as_of.is_some();
            let statement = sql::series(&ingredients(&plan, production), production, past);
            Query { name, statement, reads }
        })
        .collect();
    let charging = vocabulary.dataset("charging").unwrap();
    let plan = understood(&vocabulary, charging, "access=public&frequency=A,M&current=*", |p, v, d| {
        request::read(p, v, d)
    });
    let statement = sql::series(&ingredients(&plan, charging), charging, false);
    all.push(Query { name: "of another dataset", statement, reads: Reads::Named });
    all.extend(lists(&vocabulary, production));
    all.extend(figures(production));
    let key = series_id("production:A.production.oica.CN._T._T._T._T._T");
    let few = [Few::with_ids(production, vec![key]), Few::with_ids(production, vec![key, key + 1])];
    let statement = Few::statement(&few);
    all.push(Query { name: "a few series with their figures", statement, reads: Reads::Named });
    let of_one = ["geo=CN&maker=byd&measure=registrations", "geo=US&measure=registrations"];
    let of_several = ["geo=CN,US&maker=byd&measure=registrations", "geo=CN,JP,US&measure=registrations"];
    for (name, asked) in [("sums of a code", of_one), ("sums of several codes", of_several)] {
        let sums = asked.map(|query| {
            let plan = understood(&vocabulary, production, query, request::read);
            Few::of_rollup(&plan, production, ROLLUP)
        });
        assert!(sums[0].is_like(&sums[1]), "both go together");
        all.push(Query { name, statement: Few::statement(&sums), reads: Reads::Named });
    }
    all.extend(searches());
    all
}

fn understood(
    vocabulary: &Vocabulary,
    dataset: &Dataset,
    query: &str,
    read: impl Fn(&mut Params, &Vocabulary, &Dataset) -> Plan,
) -> Plan {
    let mut params = Params::parse(query);
    let plan = read(&mut params, vocabulary, dataset);
    params.finish().unwrap_or_else(|error| panic!("{query}: {error}"));
    plan
}

/// What lists series and counts them.
fn lists(vocabulary: &Vocabulary, dataset: &Dataset) -> Vec<Query> {
    let select = |query: &str| {
        understood(vocabulary, dataset, query, |params, vocabulary, dataset| {
            request::select(params, vocabulary, dataset, Unnamed::Open)
        })
    };
    let key = "production:M.registrations.CN-20.maker-25._T.model-250._T._T";
    let behind = || (key.to_owned(), "openevcharts".to_owned());
    let (open, maker) = (select(""), select("maker=byd"));
    let list = |plan: &Plan, after, gone| sql::series_list(plan, dataset, after, (1_001, gone));
    let one = select(
        "measure=production&source=oica&geo=CN&maker=_T&brand=_T&model=_T&vehicle_class=_T&powertrain=_T&frequency=A",
    );
    let touching = Plan {
        dataset: dataset.name.clone(),
        sources: Sources::All,
        frequencies: Frequency::ALL.to_vec(),
        ..Plan::default()
    };
    let touched = |from: (String, String)| sql::touched(&touching, dataset, &[2, 1], (from.0, from.1, 500));
    let nothing = understood(vocabulary, dataset, "maker=byd&geo=JP", request::read);
    let mut near = one.clone();
    near.sources = Sources::All;
    near.selection.retain(|dimension, _| matches!(dimension, Dimension::Measure | Dimension::Geo));
    assert_eq!(near.selection[&Dimension::Geo], Selection::one("CN"));
    let of = |(name, statement, reads)| Query { name, statement, reads };
    [
        ("the first page of all series", list(&open, None, false), Reads::Open),
        ("a later page of all series", list(&open, Some(behind()), false), Reads::Named),
        ("the series of a maker", list(&maker, None, false), Reads::Named),
        ("a series by its key", list(&one, None, true), Reads::Named),
        ("series whose keys are near", list(&near, None, false), Reads::Named),
        ("what a release touches", touched((String::new(), String::new())), Reads::Open),
        ("what a release touches behind a place", touched(behind()), Reads::Named),
        ("what there is of everything", sql::availability(&open, dataset), Reads::Open),
        ("what there is of a maker", sql::availability(&maker, dataset), Reads::Open),
        ("what is near", sql::nearest_with_figures(&nothing, dataset, &["maker", "geo"]), Reads::Named),
    ]
    .map(of)
    .into()
}

/// What reads figures and their past.
fn figures(production: &Dataset) -> Vec<Query> {
    let key = "production:A.production.oica.CN._T._T._T._T._T";
    // Of tables as small as these, a hundredth is read faster from end to end already.
    let batch: Vec<i64> = (1..=50).collect();
    let cells = |ids: &[i64]| sql::figures(production, ids, Reach::ALL);
    let window = Reach { chunks: (0, 0), periods: (2020, 2023) };
    let window = sql::figures(production, &[series_id(key)], window);
    let mut all = vec![
        Query { name: "the figures of a series", statement: cells(&[series_id(key)]), reads: Reads::Named },
        Query { name: "the figures of a batch", statement: cells(&batch), reads: Reads::Named },
        Query { name: "the figures of a window", statement: window, reads: Reads::Named },
    ];
    all.extend(past().into_iter().map(|text| {
        let statement = Statement { text, binds: vec![Bind::Numbers(batch.clone())] };
        Query { name: "the past of a batch", statement, reads: Reads::Named }
    }));
    all
}

/// The statements with a fixed text that read what is stored of some series, as the build checked them.
fn past() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let mut texts: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let kept: serde_json::Value =
                serde_json::from_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
            kept["query"].as_str().unwrap().to_owned()
        })
        .filter(|text| text.contains("observation_") && text.ends_with("series_id = ANY($1)"))
        .collect();
    texts.sort();
    assert!(texts.len() >= 4, "they are not where they are looked for");
    texts
}

/// What a search asks for.
fn searches() -> Vec<Query> {
    let codes = |of: &[(Dimension, &[&str])]| -> Codes {
        of.iter()
            .map(|(dimension, codes)| (*dimension, codes.iter().map(|c| (*c).to_owned()).collect()))
            .collect()
    };
    let byd = codes(&[(Dimension::Maker, &["byd"]), (Dimension::Brand, &["byd"])]);
    let sales = codes(&[(Dimension::Measure, &["sales"])]);
    let named = codes(&[(Dimension::Maker, &["byd", "tesla"]), (Dimension::Model, &["tesla--model-y"])]);
    let of = |(name, statement, reads)| Query { name, statement, reads };
    [
        (
            "series that words describe",
            sql::with_codes(None, &[byd, sales], &[Frequency::M], 100),
            Reads::Named,
        ),
        ("the first series of each code", sql::first_of_each(None, &named), Reads::Named),
    ]
    .map(of)
    .into()
}
