//! Which series are asked for: the codes of each dimension that are kept apart, and those that are summed.

use std::collections::{BTreeMap, BTreeSet};

use china_auto::timeseries::key::Dimension;
use china_auto::timeseries::period::{Frequency, Period};

use super::codes::{children, codes, kind, total, upwards};
use super::world::{Asked, Query, Split, World, YEARS};

/// Why a question is refused, and which parameter is at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub parameter: &'static str,
    pub code: &'static str,
}

/// Every combination of codes that is asked for.
pub fn combinations(world: &World, query: &Query) -> Result<Vec<Vec<String>>, Refusal> {
    let mut combinations = vec![Vec::new()];
    for dimension in &world.dimensions {
        let mut chosen = chosen(world, query, *dimension)?;
        // Codes that nothing is said of are held against others too: they are told of, though nothing is answered.
        let is_ranked = query.ranked().is_some_and(|(ranked, _)| ranked == *dimension);
        chosen.retain(|code| is_ranked || code.contains('+') || is_mentioned(world, *dimension, code));
        let with = |so_far: &Vec<String>| -> Vec<Vec<String>> {
            chosen.iter().map(|code| so_far.iter().cloned().chain([code.clone()]).collect()).collect()
        };
        combinations = combinations.iter().flat_map(with).collect();
    }
    Ok(combinations)
}

/// Whether anything is said of a code; of others there can be no series.
pub fn is_mentioned(world: &World, dimension: Dimension, code: &String) -> bool {
    let at = world.place(dimension);
    world.published.keys().any(|(_, _, codes)| codes[at] == *code)
        || world.splits.iter().any(|split| split.dimension == dimension && split.whole == *code)
}

/// The codes of one dimension that are answered, each in series of its own; a sum is written with plus signs.
fn chosen(world: &World, query: &Query, dimension: Dimension) -> Result<Vec<String>, Refusal> {
    let asked = &query.codes[&dimension];
    if dimension == Dimension::Measure {
        let all: Vec<String> = world.measures.iter().map(|measure| measure.code.clone()).collect();
        return Ok(match asked {
            Asked::Unnamed => all[..1].to_vec(),
            Asked::Codes(codes) => codes.clone(),
            _ => all,
        });
    }
    let Some(groups) = &query.groups else { return Ok(listed(asked, dimension)) };
    match groups.iter().find(|(of, _)| *of == dimension) {
        Some((_, level)) => kept_apart(asked, dimension, *level),
        None => summed(world, asked, dimension),
    }
}

/// What is asked for, code by code.
pub fn listed(asked: &Asked, dimension: Dimension) -> Vec<String> {
    match asked {
        Asked::Unnamed => vec![total(dimension).to_owned()],
        Asked::Every => codes(dimension).iter().map(|(code, ..)| (*code).to_owned()).collect(),
        Asked::Codes(codes) => codes.clone(),
        Asked::Below(above) => children(dimension, above),
    }
}

/// The codes of a dimension that `group_by` names.
fn kept_apart(
    asked: &Asked,
    dimension: Dimension,
    level: Option<&'static str>,
) -> Result<Vec<String>, Refusal> {
    let is_of = |code: &String| level.is_none_or(|level| kind(dimension, code) == level);
    let mut all = listed(asked, dimension);
    match asked {
        // The parts of China are what an unnamed place is kept apart into.
        Asked::Unnamed if dimension == Dimension::Geo && level.is_none() => {
            return Ok(children(dimension, "CN"));
        }
        Asked::Unnamed | Asked::Every => {
            all = listed(&Asked::Every, dimension);
            all.retain(|code| code != "_T" && is_of(code));
        }
        _ if !all.iter().all(is_of) => {
            return Err(Refusal { parameter: dimension.name(), code: "invalid_parameter" });
        }
        _ => {}
    }
    Ok(all)
}

/// The codes of a dimension that `group_by` does not name: one, or the sum of several.
fn summed(world: &World, asked: &Asked, dimension: Dimension) -> Result<Vec<String>, Refusal> {
    let refused = |code| Err(Refusal { parameter: dimension.name(), code });
    let codes = listed(asked, dimension);
    if *asked == Asked::Every {
        return refused("overlap");
    }
    let above = |code: &String, other: &String| upwards(dimension, other).contains(&code.as_str());
    let overlaps = |code: &&String| codes.iter().any(|other| other != *code && above(code, other));
    if codes.iter().find(overlaps).is_some() {
        return refused("overlap");
    }
    let months = (YEARS.start - 1) * 12..(YEARS.end + 1) * 12;
    let is_apart = |source: &str| {
        let at = |month| !apart(world, (source, dimension), &codes, (Frequency::M, month)).is_empty();
        months.clone().any(at)
    };
    if codes.len() > 1 && !world.sources.iter().any(|(source, _)| is_apart(source)) {
        return refused("not_additive");
    }
    Ok(vec![codes.join("+")])
}

/// The ways in which a source declares, for a period, that codes are different parts of one whole: for each, whether a part that
/// is not stated counts as 0.
pub fn apart(
    world: &World,
    (source, dimension): (&str, Dimension),
    codes: &[String],
    when: (Frequency, i32),
) -> Vec<bool> {
    let Some(period) = Period::new(when.0, when.1) else { return Vec::new() };
    let splits: Vec<&Split> = world.splits_of(source, period).filter(|s| s.dimension == dimension).collect();
    let codes: Vec<&String> = codes.iter().collect();
    let wholes: BTreeSet<&String> = splits.iter().map(|split| &split.whole).collect();
    wholes.into_iter().flat_map(|whole| parts_of(&splits, whole, &codes)).collect()
}

/// The ways in which codes are different parts of this whole, or of its parts.
fn parts_of(splits: &[&Split], whole: &String, codes: &[&String]) -> Vec<bool> {
    let mut ways = Vec::new();
    for split in splits.iter().filter(|split| split.whole == *whole) {
        let mut under: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
        for code in codes {
            let part = split.parts.iter().find(|part| is_within(splits, part, code));
            under.entry(part.unwrap_or(whole)).or_default().push(code);
        }
        if under.contains_key(whole) {
            continue;
        }
        let mut zero = vec![split.absent_is_zero];
        for (part, codes) in under.into_iter().filter(|(_, codes)| codes.len() > 1) {
            let deeper = parts_of(splits, part, &codes);
            zero = zero.iter().flat_map(|one| deeper.iter().map(move |other| *one && *other)).collect();
        }
        ways.extend(zero);
    }
    ways
}

/// Whether a code is this part or a declared part of it.
fn is_within(splits: &[&Split], part: &String, code: &String) -> bool {
    let below = splits.iter().filter(|split| split.whole == *part).flat_map(|split| &split.parts);
    part == code || below.into_iter().any(|part| is_within(splits, part, code))
}
