//! Random questions that a request may ask.

use std::collections::BTreeMap;

use china_auto::timeseries::key::Dimension;
use china_auto::timeseries::period::{Frequency, Period};
use china_auto::timeseries::plan::{Aggregation, Fill, Sources, Transform};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::codes::{DIMENSIONS, children, codes as known, kind, total};
use super::generate::{SOURCES, SPLITS, frequency};
use super::vintage::Key;
use super::world::{Asked, Group, Query, Split, YEARS};

/// Days whose knowledge is asked for.
const DATES: [&str; 7] = ["2018", "2020-05", "2020-12-30", "2020-12-31", "2021-03", "2023", "2026"];

/// A question, mostly one that asks for some of these series among others, and for sums of what is declared.
pub fn question(splits: Vec<Split>, series: Vec<Key>) -> impl Strategy<Value = Query> {
    let which = prop::option::weighted(0.85, any::<prop::sample::Index>());
    (query(), which, any::<u64>()).prop_map(move |(mut query, which, seed)| {
        let asked = |codes: &&Vec<String>| asks_for(&query.codes[&Dimension::Measure], &codes[0]);
        let known: Vec<&Key> = series.iter().filter(|(_, _, codes)| asked(&codes)).collect();
        if let Some(which) = which.filter(|_| !known.is_empty()) {
            let (_, frequency, codes) = which.get(&known);
            if query.converts && !matches!(query.transform, Transform::Ytd | Transform::Index(_)) {
                query.frequencies[0] = query.frequencies[0].min(*frequency);
            }
            let codes = codes[1..].to_vec();
            if query.groups.is_some() {
                sum_up(&mut query, (&codes, &splits), seed);
            } else {
                ask_for(&mut query, &codes);
            }
        }
        compare(&mut query, seed);
        query
    })
}

/// Holds the codes that are kept apart against each other, now and then, or does not.
fn compare(query: &mut Query, seed: u64) {
    let number = seed >> 40 & 0xff;
    if let Some((dimension, _)) = query.ranked() {
        match number % 8 {
            0 | 1 => query.transform = Transform::Share,
            2 | 3 => query.transform = Transform::Rank,
            _ => {}
        }
        query.top = (number / 8).is_multiple_of(3).then(|| 1 + usize::try_from(number / 24 % 3).unwrap());
        query.other = query.top.is_some() && number.is_multiple_of(2);
        if query.is_ranking() || query.transform == Transform::Share {
            query.aggregation = None;
            // The whole is no code among the others.
            if let Asked::Codes(codes) = query.codes.get_mut(&dimension).unwrap() {
                codes.retain(|code| code != "_T" && code != "CN");
            }
            if query.codes[&dimension] == Asked::Codes(Vec::new()) {
                query.codes.insert(dimension, Asked::Unnamed);
            }
        }
    }
}

/// Asks for the codes of a series among others.
fn ask_for(query: &mut Query, codes: &[String]) {
    for (dimension, code) in DIMENSIONS.iter().zip(codes) {
        match query.codes.get_mut(dimension).unwrap() {
            Asked::Codes(codes) if !codes.contains(code) => codes.push(code.clone()),
            asked @ Asked::Unnamed if code != total(*dimension) => {
                *asked = Asked::Codes(vec![total(*dimension).to_owned(), code.clone()]);
            }
            _ => {}
        }
    }
}

/// Asks for the codes of a series, kept apart or summed with those beside them.
fn sum_up(query: &mut Query, (codes, splits): (&[String], &[Split]), seed: u64) {
    let groups = query.groups.as_mut().unwrap();
    for ((at, dimension), code) in (0..).zip(DIMENSIONS).zip(codes) {
        let asked = query.codes.get_mut(&dimension).unwrap();
        let declared = splits.iter().filter(|split| split.dimension == dimension);
        let beside: Vec<&Vec<String>> =
            declared.map(|split| &split.parts).filter(|parts| parts.contains(code)).collect();
        let number = usize::try_from(seed >> (8 * at) & 0xff).unwrap();
        if code == total(dimension) {
            if number % 16 > 0 {
                *asked = Asked::Unnamed;
                groups.retain(|(group, _)| *group != dimension);
            }
        } else if let Some(group) = groups.iter_mut().find(|(group, _)| *group == dimension) {
            group.1 = group.1.filter(|level| kind(dimension, code) == *level);
            match asked {
                Asked::Codes(codes) if !codes.contains(code) => codes.push(code.clone()),
                Asked::Below(above) if !children(dimension, above).contains(code) => *asked = Asked::Every,
                _ => {}
            }
        } else if !beside.is_empty() && number % 8 > 1 {
            *asked = Asked::Codes(beside[number % beside.len()].clone());
        } else {
            *asked = Asked::Codes(vec![code.clone()]);
        }
    }
    if groups.is_empty() {
        groups.push((Dimension::Measure, None));
    }
}

/// A question; what a request would be refused for is left out of it.
fn query() -> impl Strategy<Value = Query> {
    let asked = (asked(), sources(), prop::option::weighted(0.85, coarser())).boxed();
    let ways = Aggregation::ALL.map(|(_, way)| way).to_vec();
    let computed = (
        prop::option::weighted(0.25, select(ways)),
        prop::option::weighted(0.4, any::<bool>()),
        transform(),
        select(vec![Fill::None, Fill::Null, Fill::Previous]),
    );
    let when = (window(), prop::option::weighted(0.4, select(&DATES[..])));
    (asked, computed, when).prop_map(|((codes, sources, frequency), computed, (window, as_of))| {
        let (mut aggregation, partial, mut transform, mut fill) = computed;
        let (start, mut end, last) = window;
        if let (Some(start), Some(given)) = (start, end) {
            end = Some(given).filter(|end| start.first_day() <= end.last_day());
        }
        let (codes, groups) = codes;
        let asks_for = |code| asks_for(&codes[&Dimension::Measure], code);
        if frequency.is_none() || (asks_for("held") && aggregation == Some(Aggregation::Sum)) {
            aggregation = None;
        }
        let no_ytd = asks_for("held") || frequency.is_none_or(|f| f == Frequency::A);
        let refused = match transform {
            Transform::Ytd => no_ytd,
            Transform::Index(base) => frequency != Some(base.frequency()),
            // They need codes that are kept apart.
            Transform::Share | Transform::Rank => true,
            _ => false,
        };
        if refused {
            transform = Transform::Yoy;
        }
        if asks_for("made") && fill == Fill::Previous {
            fill = Fill::Null;
        }
        let frequencies = frequency.map_or(Frequency::ALL.to_vec(), |frequency| vec![frequency]);
        let converts = frequency.is_some();
        Query {
            codes,
            groups,
            sources,
            frequencies,
            converts,
            aggregation,
            partial,
            transform,
            fill,
            start,
            end,
            last,
            as_of: as_of.map(|date| date.parse().unwrap()),
            top: None,
            other: false,
        }
    })
}

/// Whether a question is of this measure among others.
fn asks_for(asked: &Asked, measure: &str) -> bool {
    match asked {
        Asked::Unnamed => measure == "made",
        Asked::Codes(codes) => codes.iter().any(|code| code == measure),
        _ => true,
    }
}

/// A frequency to ask for: coarse ones can be made of finer ones.
fn coarser() -> impl Strategy<Value = Frequency> {
    prop_oneof![4 => Just(Frequency::A), 3 => Just(Frequency::Q), 1 => Just(Frequency::M)]
}

/// What is asked of each dimension, and which are kept apart.
fn asked() -> impl Strategy<Value = (BTreeMap<Dimension, Asked>, Option<Vec<Group>>)> {
    prop_oneof![
        1 => each((2, 4)).prop_map(|codes| (codes, None)),
        1 => (each((6, 1)), groups()).prop_map(|(codes, groups)| (codes, Some(groups))),
    ]
    .boxed()
}

fn each(often: (u32, u32)) -> impl Strategy<Value = BTreeMap<Dimension, Asked>> {
    let measure = prop_oneof![
        2 => Just(Asked::Unnamed),
        1 => Just(Asked::Codes(vec!["made".to_owned()])),
        2 => Just(Asked::Codes(vec!["held".to_owned()])),
        2 => Just(Asked::Every),
    ];
    let (geo, maker) = (selected(Dimension::Geo, (9, 1)), selected(Dimension::Maker, (9, 1)));
    let class = selected(Dimension::VehicleClass, often);
    let powertrain = selected(Dimension::Powertrain, often);
    let access = selected(Dimension::Access, (9, 1));
    (measure, geo, maker, class, powertrain, access).prop_map(
        |(measure, geo, maker, class, powertrain, access)| {
            let codes = [geo, maker, class, powertrain, access];
            [(Dimension::Measure, measure)].into_iter().chain(DIMENSIONS.into_iter().zip(codes)).collect()
        },
    )
}

fn selected(dimension: Dimension, (unnamed, every): (u32, u32)) -> impl Strategy<Value = Asked> {
    let owned = |codes: &[&str]| Asked::Codes(codes.iter().map(|code| (*code).to_owned()).collect());
    let all: Vec<&str> = known(dimension).iter().map(|(code, ..)| *code).collect();
    let parents: Vec<&str> =
        all.iter().copied().filter(|code| !children(dimension, code).is_empty()).collect();
    let mut parts: Vec<&[&str]> =
        SPLITS.iter().filter(|(of, ..)| *of == dimension).map(|(_, _, parts)| *parts).collect();
    parts.push(&["_T"][..all.len().min(usize::from(dimension != Dimension::Geo))]);
    parts.retain(|parts| !parts.is_empty());
    let below = select(parents).prop_map(|above: &str| Asked::Below(above.to_owned()));
    prop_oneof![
        unnamed => Just(Asked::Unnamed),
        every => Just(Asked::Every),
        1 => subsequence(all, 1..=2).prop_map(move |codes| owned(&codes)),
        1 => select(parts).prop_map(owned),
        1 => below,
    ]
    .boxed()
}

/// Dimensions with a level now and then.
fn groups() -> impl Strategy<Value = Vec<Group>> {
    let all: Vec<Dimension> = [Dimension::Measure, Dimension::Source].into_iter().chain(DIMENSIONS).collect();
    let groups = subsequence(all, 1..=3).prop_shuffle();
    (groups, any::<(bool, bool)>()).prop_map(|(groups, (with_level, other))| {
        let level = |dimension| match dimension {
            Dimension::Geo => Some(if other { "country" } else { "province" }),
            Dimension::Maker => Some(if other { "group" } else { "oem" }),
            _ => None,
        };
        groups.into_iter().map(|dimension| (dimension, level(dimension).filter(|_| with_level))).collect()
    })
}

fn sources() -> impl Strategy<Value = Sources> {
    let listed = subsequence(SOURCES.to_vec(), 1..=2);
    let listed = listed.prop_map(|codes| Sources::Listed(codes.into_iter().map(str::to_owned).collect()));
    prop_oneof![8 => Just(Sources::Best), 2 => Just(Sources::All), 1 => listed]
}

fn transform() -> impl Strategy<Value = Transform> {
    prop_oneof![
        3 => select(Transform::WORDS.map(|(_, transform)| transform).to_vec()),
        2 => Just(Transform::Level),
        1 => period().prop_map(Transform::Index),
        1 => (2..5_u8).prop_map(Transform::MovingAverage),
    ]
}

fn period() -> impl Strategy<Value = Period> {
    (frequency(), YEARS, 0..12_i32).prop_map(|(frequency, year, part)| {
        let per_year = frequency.per_year();
        Period::new(frequency, year * per_year + part.rem_euclid(per_year)).unwrap()
    })
}

fn window() -> impl Strategy<Value = (Option<Period>, Option<Period>, Option<usize>)> {
    let end = || prop::option::weighted(0.12, period());
    (end(), end(), prop::option::weighted(0.2, 1..6_usize))
}
