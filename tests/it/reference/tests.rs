//! The comparison.

use std::collections::BTreeMap;

use china_auto::timeseries::key::Dimension;
use china_auto::timeseries::period::Frequency;
use china_auto::timeseries::plan::Aggregation;
use proptest::prelude::*;

use super::bridge::answered;
use super::codes::DIMENSIONS;
use super::front::words;
use super::generate::world;
use super::loading::Store;
use super::model::answer;
use super::question::question;
use super::ranking::rankings;
use super::vintage::History;
use super::world::{Asked, Measured, Number, Query, Row, Split, Stated, World};

/// What a world declares and states, in few lines.
fn brief(world: &World) -> String {
    let mut lines = vec![format!("{:?}", world.sources)];
    for split in &world.splits {
        let Split { source, whole, parts, absent_is_zero, from, to, .. } = split;
        lines.push(format!("{source}: {whole} = {parts:?} zero {absent_is_zero} {from:?} {to:?}"));
    }
    for Row { measure, frequencies, level, rank, scope, sources, until, .. } in &world.rows {
        lines.push(format!("{measure} {frequencies:?} {level} {rank} {scope} {sources:?} {until:?}"));
    }
    for ((source, frequency, codes), stated) in &world.published {
        let cells = stated.iter().map(|(period, (value, status))| {
            format!(
                "{period}:{}{}",
                value.map_or("-".to_owned(), |value| value.to_string()),
                char::from(*status)
            )
        });
        lines.push(format!("{frequency} {source} {codes:?} {}", cells.collect::<Vec<_>>().join(" ")));
    }
    lines.join("\n")
}

/// A world with its history, and a question.
fn case() -> impl Strategy<Value = ((World, History), Query)> {
    world().prop_flat_map(|told| {
        let question = question(told.0.splits.clone(), told.1.series.clone());
        (Just(told), question)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn the_pipeline_answers_as_the_model_does(
        ((world, history), query) in case(),
        pinned in prop::option::weighted(0.3, any::<prop::sample::Index>()),
    ) {
        let as_of = query.as_of.as_ref().map(|date| date.day);
        let store = Store::load_all(&history);
        let load = pinned.map_or(history.loads.len() - 1, |index| index.index(history.loads.len()));
        let pin = pinned.and_then(|_| store.pin(load));
        let known = history.until(if pin.is_some() { load } else { history.loads.len() - 1 });
        let world = World { published: known.holding(as_of), ..world };
        let ours = answer(&world, &query);
        let theirs = answered(&world, &store.holding(&history.series, as_of, pin), &query);
        let asked = words(&world, &query);
        let (Ok(ours), Some((theirs, told))) = (&ours, &theirs) else {
            prop_assert!(ours.is_err() && theirs.is_none(), "{}: {:?} or {:?}", asked, ours, theirs);
            return Ok(());
        };
        prop_assert_eq!(&rankings(&world, &query), told, "{}\n{}", asked, brief(&world));
        for (key, lines) in ours {
            let others = theirs.get(key).map(Vec::as_slice).unwrap_or_default();
            for (line, other) in lines.iter().zip(others) {
                prop_assert_eq!(line, other, "the model and the pipeline differ in {:?}: {}\n{}", key, asked, brief(&world));
            }
            prop_assert_eq!(lines.len(), others.len(), "observations of {:?}: {}\n{}", key, asked, brief(&world));
        }
        prop_assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{}\n{}", asked, brief(&world));
    }
}

/// Trucks with batteries are all that is stated of trucks; of all commercial vehicles those with engines are stated too.
#[test]
fn a_sum_is_of_its_codes_before_it_is_of_the_parts_of_another_dimension() {
    let split = |dimension, whole: &str, parts: [&str; 2]| Split {
        source: "*".to_owned(),
        dimension,
        whole: whole.to_owned(),
        parts: parts.map(str::to_owned).to_vec(),
        absent_is_zero: true,
        from: None,
        to: None,
    };
    let stated = |class: &str, powertrain: &str, value| {
        let codes = ["made", "CN", "_T", class, powertrain, "_T"].map(str::to_owned).to_vec();
        (("ant".to_owned(), Frequency::A, codes), Stated::from([(2020, (Some(value), b'A'))]))
    };
    let published = BTreeMap::from([stated("CV", "ICE", 100), stated("TRUCK", "BEV", 50)]);
    let world = World {
        dimensions: [Dimension::Measure].into_iter().chain(DIMENSIONS).collect(),
        measures: vec![Measured {
            code: "made".to_owned(),
            is_stock: false,
            decimals: 0,
            aggregation: Aggregation::Sum,
        }],
        splits: vec![
            split(Dimension::VehicleClass, "CV", ["TRUCK", "BUS"]),
            split(Dimension::Powertrain, "_T", ["ICE", "BEV"]),
        ],
        rows: Vec::new(),
        sources: vec![("ant".to_owned(), false)],
        published,
    };
    let mut query = Query::of(&world, Frequency::A);
    query.groups = Some(vec![(Dimension::Measure, None)]);
    let codes = |codes: &[&str]| Asked::Codes(codes.iter().map(|code| (*code).to_owned()).collect());
    query.codes.insert(Dimension::VehicleClass, codes(&["CV"]));
    query.codes.insert(Dimension::Powertrain, codes(&["ICE", "BEV"]));
    let holding: Vec<_> = world.published.clone().into_iter().collect();
    let (theirs, _) = answered(&world, &holding, &query).unwrap();
    assert_eq!(theirs, answer(&world, &query).unwrap());
    let line = &theirs.values().next().unwrap()[0];
    assert_eq!((line.value, line.coverage), (Some(Number::Whole(150)), Some((2, 2))));
}
