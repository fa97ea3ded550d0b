//! Random small worlds, and random questions that a request may ask of them.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash as _, Hasher as _};

use china_auto::timeseries::key::Dimension;
use china_auto::timeseries::period::{Frequency, Period};
use china_auto::timeseries::plan::{Aggregation, Fill, Sources, Transform};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::codes::{DIMENSIONS, codes as known, total};
use super::documents::history;
use super::model::{Measured, Query, Row, Split, Stated, World, YEARS};
use super::vintage::{History, Key};

const SOURCES: [&str; 4] = ["ant", "bee", "cat", "dog"];
/// The wholes that are declared now and then, each with its parts.
const SPLITS: [(Dimension, &str, &[&str]); 9] = [
    (Dimension::VehicleClass, "_T", &["PV", "CV"]),
    (Dimension::VehicleClass, "_T", &["PV", "TRUCK", "BUS"]),
    (Dimension::VehicleClass, "CV", &["TRUCK", "BUS"]),
    (Dimension::Powertrain, "_T", &["ICE", "NEV"]),
    (Dimension::Powertrain, "NEV", &["BEV", "PHEV"]),
    (Dimension::Powertrain, "_T", &["ICE", "BEV", "PHEV"]),
    (Dimension::Maker, "saic", &["saic-vw", "saic-gm"]),
    (Dimension::Maker, "_T", &["saic", "byd", "tesla"]),
    (Dimension::Geo, "CN", &["CN-BJ", "CN-SH", "CN-GD"]),
];

/// Days whose knowledge is asked for.
const DATES: [&str; 7] = ["2018", "2020-05", "2020-12-30", "2020-12-31", "2021-03", "2023", "2026"];

/// A world without figures, and the documents that state some.
pub fn world() -> impl Strategy<Value = (World, History)> {
    (declared(), series().prop_flat_map(history))
}

/// A question, mostly one that asks for some of these series among others.
pub fn question(series: Vec<Key>) -> impl Strategy<Value = Query> {
    let which = prop::option::weighted(0.8, any::<prop::sample::Index>());
    (query(), which).prop_map(move |(mut query, which)| {
        let measures = query.codes[&Dimension::Measure].clone();
        let asked = |codes: &&Vec<String>| measures.as_ref().is_none_or(|all| all.contains(&codes[0]));
        let known: Vec<&Vec<String>> = series.iter().map(|(_, _, codes)| codes).filter(asked).collect();
        if let Some(which) = which.filter(|_| !known.is_empty()) {
            let codes = which.get(&known);
            for (dimension, code) in DIMENSIONS.iter().zip(&codes[1..]) {
                let asked = query.codes.get_mut(dimension).and_then(Option::as_mut);
                if let Some(asked) = asked.filter(|asked| !asked.contains(code)) {
                    asked.push(code.clone());
                }
            }
        }
        query
    })
}

fn series() -> impl Strategy<Value = BTreeMap<Key, Stated>> {
    prop::collection::vec(siblings(), 4..10).prop_map(|series| series.into_iter().flatten().collect())
}

fn declared() -> impl Strategy<Value = World> {
    let splits = prop::collection::vec(split(), 0..7);
    let rows = prop::collection::vec(row(), 0..5);
    let press = prop::collection::vec(prop::bool::weighted(0.2), SOURCES.len());
    let rows = rows.prop_map(|mut rows| {
        let mut places = BTreeSet::new();
        rows.retain(|row| {
            places.insert((row.measure.clone(), row.frequencies.clone(), row.level.clone(), row.rank))
        });
        rows
    });
    (splits, rows, press).prop_map(|(splits, rows, press)| World {
        dimensions: [Dimension::Measure].into_iter().chain(DIMENSIONS).collect(),
        measures: vec![
            measured("made", false, 0, Aggregation::Sum),
            measured("held", true, 2, Aggregation::Last),
        ],
        splits,
        rows,
        sources: SOURCES.iter().map(|code| (*code).to_owned()).zip(press).collect(),
        published: BTreeMap::new(),
    })
}

fn measured(code: &str, is_stock: bool, decimals: u32, aggregation: Aggregation) -> Measured {
    Measured { code: code.to_owned(), is_stock, decimals, aggregation }
}

/// The figures of one series, or of it and its siblings, alike in all but one code, so that there is something to sum; of one
/// source, or of two, so that one may follow the other.
fn siblings() -> impl Strategy<Value = Vec<(Key, Stated)>> {
    let siblings: [(usize, &[&str]); 8] = [
        (0, &[]),
        (1, &["CN-BJ", "CN-SH", "CN-GD"]),
        (2, &["saic", "byd", "tesla"]),
        (2, &["saic-vw", "saic-gm"]),
        (3, &["PV", "CV"]),
        (3, &["TRUCK", "BUS"]),
        (4, &["ICE", "NEV"]),
        (4, &["BEV", "PHEV"]),
    ];
    let sources = subsequence(SOURCES.to_vec(), 1..=2);
    let head = (sources, frequency(), codes(), select(siblings.to_vec()));
    head.prop_flat_map(|(sources, frequency, codes, (at, parts))| {
        let mut keys = Vec::new();
        for source in sources {
            let key = |codes: &[String]| (source.to_owned(), frequency, codes.to_vec());
            if at == 0 {
                keys.push(key(&codes));
            }
            for part in parts {
                let mut codes = codes.clone();
                (*part).clone_into(&mut codes[at]);
                keys.push(key(&codes));
            }
        }
        let all = prop::collection::vec(figures(frequency), keys.len());
        all.prop_map(move |all| keys.iter().cloned().zip(all).filter(|(_, all)| !all.is_empty()).collect())
    })
}

fn frequency() -> impl Strategy<Value = Frequency> {
    prop_oneof![3 => Just(Frequency::A), 4 => Just(Frequency::Q), 3 => Just(Frequency::M)]
}

/// A frequency to ask for: coarse ones can be made of finer ones.
fn coarser() -> impl Strategy<Value = Frequency> {
    prop_oneof![4 => Just(Frequency::A), 3 => Just(Frequency::Q), 1 => Just(Frequency::M)]
}

fn codes() -> impl Strategy<Value = Vec<String>> {
    let mostly = |dimension: Dimension, weight: u32| {
        let all: Vec<&str> = known(dimension).iter().map(|(code, ..)| *code).collect();
        prop_oneof![weight => Just(total(dimension)), 2 => select(all)].prop_map(str::to_owned)
    };
    let measure = prop_oneof![3 => Just("made"), 2 => Just("held")].prop_map(str::to_owned);
    let (geo, maker) = (mostly(Dimension::Geo, 14), mostly(Dimension::Maker, 14));
    let class = mostly(Dimension::VehicleClass, 3);
    let (powertrain, access) = (mostly(Dimension::Powertrain, 3), mostly(Dimension::Access, 14));
    (measure, geo, maker, class, powertrain, access).prop_map(
        |(measure, geo, maker, class, powertrain, access)| {
            vec![measure, geo, maker, class, powertrain, access]
        },
    )
}

/// Figures over some stretch of time, most of them there. They follow from one number, for a strategy of every figure takes
/// longer than the comparison.
fn figures(frequency: Frequency) -> impl Strategy<Value = Stated> {
    let (first, end) = (YEARS.start * frequency.per_year(), YEARS.end * frequency.per_year());
    let half = (end - first) / 2;
    let odd = prop_oneof![2 => Just(0_u64), 3 => Just(8), 1 => Just(25)];
    (first..=first + half, half / 2..=half * 2, any::<u64>(), odd).prop_map(
        move |(start, length, seed, odd)| {
            let periods = start..end.min(start + length + 1);
            periods
                .filter_map(|period| Some((period, figure(seed ^ u64::from(period.unsigned_abs()), odd)?)))
                .collect()
        },
    )
}

/// One figure; of a hundred so many are odd: missing, zero, or of another status than A.
fn figure(seed: u64, odd: u64) -> Option<(Option<i64>, u8)> {
    let mut hash = std::hash::DefaultHasher::new();
    seed.hash(&mut hash);
    let number = hash.finish();
    let value = i64::try_from(number % 2000 + 1).unwrap();
    if number / 2000 % 100 >= odd {
        return Some((Some(value), b'A'));
    }
    match number / 200_000 % 10 {
        0 => None,
        1 | 2 => Some((Some(0), b'A')),
        3 | 4 => Some((Some(value), b'B')),
        5 => Some((None, b'M')),
        other => Some((Some(value), b"EPFI"[usize::try_from(other - 6).unwrap()])),
    }
}

fn split() -> impl Strategy<Value = Split> {
    let source = prop_oneof![3 => Just("*"), 2 => select(&SOURCES[..])];
    let days = (prop::option::weighted(0.2, month()), prop::option::weighted(0.2, month()));
    (source, select(&SPLITS[..]), prop::bool::weighted(0.3), days).prop_map(|(source, split, zero, days)| {
        let (dimension, whole, parts) = split;
        let days = if days.0 > days.1 && days.1.is_some() { (days.1, days.0) } else { days };
        Split {
            source: source.to_owned(),
            dimension,
            whole: whole.to_owned(),
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
            absent_is_zero: zero,
            from: days.0.map(Period::first_day),
            to: days.1.map(Period::last_day),
        }
    })
}

fn month() -> impl Strategy<Value = Period> {
    (YEARS.start * 12..YEARS.end * 12).prop_map(|month| Period::new(Frequency::M, month).unwrap())
}

fn row() -> impl Strategy<Value = Row> {
    let subject = (
        select(&["*", "*", "made", "held"][..]),
        select(&["*", "*", "*", "national", "nev", "maker", "province", "public"][..]),
    );
    let frequencies = prop_oneof![2 => Just(Vec::new()), 1 => subsequence(Frequency::ALL.to_vec(), 1..=2)];
    let sources = subsequence(SOURCES.to_vec(), 1..=4).prop_shuffle();
    let until = prop::option::weighted(0.3, month());
    let place = (1..5_i32, select(&["one", "two", "three"][..]));
    (subject, frequencies, sources, until, place, prop::bool::weighted(0.2)).prop_map(
        |((measure, level), frequencies, sources, until, (rank, scope), low_trust)| Row {
            measure: measure.to_owned(),
            frequencies,
            level: level.to_owned(),
            rank,
            scope: scope.to_owned(),
            sources: sources.into_iter().map(str::to_owned).collect(),
            until: until.map(|month| month.to_string().parse().unwrap()),
            low_trust,
        },
    )
}

/// A question; what a request would be refused for is left out of it.
fn query() -> impl Strategy<Value = Query> {
    let asked = (asked(), sources(), prop::option::weighted(0.85, coarser()));
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
        let measures = codes[&Dimension::Measure].clone();
        let asks_for = |code: &str| measures.as_ref().is_none_or(|codes| codes.iter().any(|c| c == code));
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
        }
    })
}

fn asked() -> impl Strategy<Value = BTreeMap<Dimension, Option<Vec<String>>>> {
    let of = |dimension: Dimension, (total_alone, any): (u32, u32)| {
        let all: Vec<&str> = known(dimension).iter().map(|(code, ..)| *code).collect();
        let some = subsequence(all, 1..=2);
        let owned = |codes: Vec<&str>| codes.into_iter().map(str::to_owned).collect::<Vec<String>>();
        prop_oneof![
            total_alone => Just(Some(vec![total(dimension).to_owned()])),
            1 => some.prop_map(move |codes| Some(owned(codes))),
            any => Just(None),
        ]
    };
    let measure = prop_oneof![3 => Just(Some("made")), 2 => Just(Some("held")), 2 => Just(None)];
    let measure = measure.prop_map(|measure| measure.map(|code| vec![code.to_owned()]));
    let (geo, maker) = (of(Dimension::Geo, (9, 2)), of(Dimension::Maker, (9, 2)));
    let (class, powertrain) = (of(Dimension::VehicleClass, (2, 4)), of(Dimension::Powertrain, (2, 4)));
    let access = of(Dimension::Access, (9, 1));
    (measure, geo, maker, class, powertrain, access).prop_map(
        |(measure, geo, maker, class, powertrain, access)| {
            let codes = [geo, maker, class, powertrain, access];
            [(Dimension::Measure, measure)].into_iter().chain(DIMENSIONS.into_iter().zip(codes)).collect()
        },
    )
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
