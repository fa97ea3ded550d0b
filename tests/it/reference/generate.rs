//! Random small worlds.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash as _, Hasher as _};

use china_auto::timeseries::key::Dimension;
use china_auto::timeseries::period::{Frequency, Period};
use china_auto::timeseries::plan::Aggregation;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::codes::{self, DIMENSIONS};
use super::documents::history;
use super::vintage::{History, Key};
use super::world::{Measured, Row, Split, Stated, World, YEARS};

pub const SOURCES: [&str; 4] = ["ant", "bee", "cat", "dog"];

/// The wholes that are declared now and then, each with its parts.
pub const SPLITS: [(Dimension, &str, &[&str]); 9] = [
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

/// A world without figures, and the documents that state some.
pub fn world() -> impl Strategy<Value = (World, History)> {
    (declared(), series().prop_flat_map(history)).boxed()
}

fn series() -> impl Strategy<Value = BTreeMap<Key, Stated>> {
    prop::collection::vec(siblings(), 4..10).prop_map(|series| series.into_iter().flatten().collect())
}

fn declared() -> impl Strategy<Value = World> {
    let splits = prop::collection::vec(split(), 0..10);
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

/// Codes that stand beside each other, with the place of their dimension and what they are parts of.
const SIBLINGS: [(usize, &str, &[&str]); 7] = [
    (1, "CN", &["CN-BJ", "CN-SH", "CN-GD"]),
    (2, "_T", &["saic", "byd", "tesla"]),
    (2, "saic", &["saic-vw", "saic-gm"]),
    (3, "_T", &["PV", "CV"]),
    (3, "CV", &["TRUCK", "BUS"]),
    (4, "_T", &["ICE", "NEV"]),
    (4, "NEV", &["BEV", "PHEV"]),
];

/// The figures of one series, or of it and its siblings, alike in all but one code, so that there is something to sum; of one
/// source, or of two, so that one may follow the other. Now and then the whole stands beside its parts.
fn siblings() -> impl Strategy<Value = Vec<(Key, Stated)>> {
    let sources = subsequence(SOURCES.to_vec(), 1..=2);
    let family = prop::option::weighted(0.9, select(&SIBLINGS[..]));
    let head = (sources, frequency(), codes(), family, prop::option::weighted(0.5, 0..4_i64));
    head.prop_flat_map(|(sources, frequency, codes, family, rest)| {
        let key = move |source: &str, at: usize, code: &str| {
            let mut codes = codes.clone();
            code.clone_into(&mut codes[at]);
            (source.to_owned(), frequency, codes)
        };
        let (at, whole, parts) = family.unwrap_or((3, "_T", &["_T"]));
        let keys: Vec<Key> =
            sources.iter().flat_map(|source| parts.iter().map(|part| key(source, at, part))).collect();
        prop::collection::vec(figures(frequency), keys.len()).prop_map(move |all| {
            let mut stated: Vec<(Key, Stated)> = keys.iter().cloned().zip(all.clone()).collect();
            if let Some(rest) = rest.filter(|_| family.is_some()) {
                let of_source =
                    |(source, all): (&&str, &[Stated])| (key(source, at, whole), total(all, rest));
                stated.extend(sources.iter().zip(all.chunks(parts.len())).map(of_source));
            }
            stated.retain(|(_, all)| !all.is_empty());
            stated
        })
    })
}

/// The whole of some parts, which have all of it, or leave some tenths of it out.
fn total(parts: &[Stated], rest: i64) -> Stated {
    let mut sums: BTreeMap<i32, i64> = BTreeMap::new();
    for (period, (value, _)) in parts.iter().flatten() {
        *sums.entry(*period).or_default() += value.unwrap_or_default();
    }
    sums.into_iter().map(|(period, sum)| (period, (Some(sum + sum * rest / 10), b'A'))).collect()
}

pub fn frequency() -> impl Strategy<Value = Frequency> {
    prop_oneof![3 => Just(Frequency::A), 4 => Just(Frequency::Q), 3 => Just(Frequency::M)]
}

fn codes() -> impl Strategy<Value = Vec<String>> {
    let mostly = |dimension: Dimension, weight: u32| {
        let all: Vec<&str> = codes::codes(dimension).iter().map(|(code, ..)| *code).collect();
        prop_oneof![weight => Just(codes::total(dimension)), 2 => select(all)].prop_map(str::to_owned)
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
