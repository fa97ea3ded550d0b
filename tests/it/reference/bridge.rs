//! The same world and question in the types of the pipeline, and its answer in those of the model.

use std::collections::HashMap;

use china_auto::params::Params;
use china_auto::timeseries::answer::of_target;
use china_auto::timeseries::dataset::{
    Code, CodeList, Dataset, Measure, Partition, Precedence, Source, Vocabulary,
};
use china_auto::timeseries::derive::{Cell, Figure, Reason, Releases, Track};
use china_auto::timeseries::estimate;
use china_auto::timeseries::fetch::Figures;
use china_auto::timeseries::frame::Series;
use china_auto::timeseries::key::Dimension;
use china_auto::timeseries::period::Frequency;
use china_auto::timeseries::plan::{Aggregation, Plan, Ranks, Selection, Sources};
use china_auto::timeseries::target::{Stored, ingredients, targets};
use china_auto::timeseries::{ranking, request};
use smol_str::SmolStr;

use super::codes::{DIMENSIONS, codes};
use super::front::words;
use super::ranking::Told;
use super::vintage::Key;
use super::world::{Answer, Answered, Line, Number, Query, Stated, World};

/// The place of the source among the dimensions: behind the measure.
const SOURCE_AT: usize = 1;

/// What the pipeline answers, where the stored series hold these figures; `None` where it refuses the question. Series that
/// hold none are among the stored ones.
pub fn answered(world: &World, holding: &[(Key, Stated)], query: &Query) -> Option<(Answer, Vec<Told>)> {
    let (dataset, vocabulary) = (dataset(world), vocabulary(world));
    let mut params = Params::parse(&words(world, query));
    let plan = request::read(&mut params, &vocabulary, &dataset);
    params.finish().ok()?;
    let dataset = dataset.with(&plan.sums).into_owned();
    let ranks = plan.ranks != Ranks::No;
    let wide = if ranks { ranking::widened(&plan) } else { plan.clone() };
    let read = ingredients(&wide, &dataset);
    let (mut stored, mut figures) = (Vec::new(), Figures::default());
    for (id, ((source, frequency, codes), stated)) in (1..).zip(holding) {
        let mut codes: Vec<SmolStr> = codes.iter().map(SmolStr::from).collect();
        codes.insert(SOURCE_AT, source.into());
        let count = i32::try_from(stated.len()).unwrap();
        let span = Option::zip(stated.keys().next().copied(), stated.keys().next_back().copied());
        let one = Stored { id, frequency: *frequency, codes, span, observations: count, is_sum: false };
        if is_read(&read, &dataset, &one) {
            stored.push(one);
            figures.tracks.insert(id, track(stated));
        }
    }
    let targets = targets(&wide, &dataset, &stored);
    let (series, rankings) = if ranks {
        let frame = ranking::answer(&plan, (&dataset, &vocabulary), &targets, &figures).ok()?;
        (frame.series, frame.rankings)
    } else {
        let bounds = estimate::bounds(&plan, (&dataset, &vocabulary), &targets, &stored);
        let mut answered = Vec::new();
        for (target, bounds) in targets.iter().zip(bounds) {
            let series = of_target(&plan, (&dataset, &vocabulary), target, &figures);
            let held: usize = series.iter().map(|series| series.observations.len()).sum();
            assert!((bounds.least..=bounds.most).contains(&(held as u64)), "{held} is not within {bounds:?}");
            answered.extend(series);
        }
        (answered, Vec::new())
    };
    let told = rankings.into_iter().map(|ranking| Told {
        codes: ranking.codes.into_iter().map(|(_, code)| code).collect(),
        frequency: ranking.frequency,
        source: ranking.source,
        window: ranking.window,
        coverage: ranking.coverage,
        complete: ranking.complete,
    });
    Some((series.into_iter().map(|series| said(&dataset, series)).collect(), told.collect()))
}

/// Whether the database would give a stored series for a plan.
fn is_read(plan: &Plan, dataset: &Dataset, one: &Stored) -> bool {
    let is_among = |codes: &[String], code: &SmolStr| codes.iter().any(|one| one == code);
    let selects = |(dimension, code): (&Dimension, &SmolStr)| {
        plan.selection.get(dimension).and_then(Selection::codes).is_none_or(|codes| is_among(codes, code))
    };
    let source = &one.codes[SOURCE_AT];
    plan.frequencies.contains(&one.frequency)
        && !matches!(&plan.sources, Sources::Listed(asked) if !is_among(asked, source))
        && dataset.dimensions.iter().zip(&one.codes).all(selects)
}

fn track(figures: &Stated) -> Track {
    let cell = |(value, status): (Option<i64>, u8)| Cell {
        figure: value.map(Figure::Exact),
        status,
        releases: Releases::one(1),
        note: None,
        coverage: None,
        reason: None,
    };
    figures.iter().map(|(period, figure)| (*period, cell(*figure))).collect()
}

/// One series of the pipeline as the model writes it.
fn said(dataset: &Dataset, series: Series) -> (Answered, Vec<Line>) {
    assert_eq!(dataset.dimensions[SOURCE_AT], Dimension::Source);
    let mut codes: Vec<String> = series.codes.into_iter().map(String::from).collect();
    let source = codes.remove(SOURCE_AT);
    let lines = series.observations.into_iter().map(|o| Line {
        period: o.period,
        value: o.figure.map(|figure| match figure {
            Figure::Exact(value) => Number::Whole(value),
            Figure::Ratio(value) => Number::Ratio(value),
        }),
        status: char::from(o.status),
        source: o.source.to_string(),
        derived: o.derived,
        coverage: o.coverage,
        reason: o.reason.map(Reason::word),
        low_trust: o.low_trust,
    });
    ((series.frequency, codes, source), lines.collect())
}

fn dataset(world: &World) -> Dataset {
    let mut dimensions = world.dimensions.clone();
    dimensions.insert(SOURCE_AT, Dimension::Source);
    let name_of = |way: Aggregation| {
        let (name, _) = Aggregation::ALL.into_iter().find(|(_, other)| *other == way).unwrap();
        name.to_owned()
    };
    let measures = world.measures.iter().map(|measure| Measure {
        code: measure.code.clone(),
        decimals: measure.decimals,
        is_stock: measure.is_stock,
        aggregation: name_of(measure.aggregation),
        ..Measure::default()
    });
    let partitions = world.splits.iter().map(|split| Partition {
        source: split.source.clone(),
        dimension: split.dimension,
        whole: split.whole.clone(),
        parts: split.parts.clone(),
        absent_is_zero: split.absent_is_zero,
        valid_from: split.from.map(|day| day.to_string()),
        valid_to: split.to.map(|day| day.to_string()),
        note: None,
    });
    let precedence = world.rows.iter().map(|row| Precedence {
        measure: row.measure.clone(),
        frequencies: row.frequencies.clone(),
        level: row.level.clone(),
        rank: row.rank,
        scope: row.scope.clone(),
        sources: row.sources.clone(),
        valid_to: row.until,
        low_trust: row.low_trust,
        note: None,
    });
    Dataset {
        name: "test".to_owned(),
        dimensions,
        frequencies: Frequency::ALL.to_vec(),
        measures: measures.collect(),
        partitions: partitions.collect(),
        precedence: precedence.collect(),
        ..Dataset::default()
    }
}

fn vocabulary(world: &World) -> Vocabulary {
    let sources = (1..).zip(&world.sources).map(|(precedence, (code, is_press))| {
        let source = Source {
            name_en: code.clone(),
            name_zh: None,
            kind: if *is_press { "press" } else { "agency" }.to_owned(),
            precedence,
            licence: String::new(),
            note: None,
            attribution: None,
        };
        (code.clone(), source)
    });
    let lists = DIMENSIONS.map(|dimension| {
        let code = |(code, parent, kind): &(&str, &str, &str)| Code {
            code: (*code).to_owned(),
            parent: Some((*parent).to_owned()).filter(|parent| !parent.is_empty()),
            kind: Some((*kind).to_owned()).filter(|kind| !kind.is_empty()),
            ..Code::default()
        };
        (dimension, CodeList::new(codes(dimension).iter().map(code).collect()))
    });
    Vocabulary { sources: sources.collect(), codes: HashMap::from(lists), ..Vocabulary::default() }
}
