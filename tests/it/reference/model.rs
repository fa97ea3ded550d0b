//! The reference model: a query answered cell by cell, from everything that was published.

use std::collections::{BTreeMap, BTreeSet};

use china_auto::timeseries::period::{Frequency, Period};
use china_auto::timeseries::plan::{Fill, Sources, Transform};

use super::choice::{Refusal, combinations};
use super::growth::transformed;
use super::ranking::compared;
use super::said::said;
use super::scope::{Voice, ordered, voices_of_best};
use super::world::{Answer, Cell, Line, Query, World, YEARS};

/// The answer to a question, or why there is none.
pub fn answer(world: &World, query: &Query) -> Result<Answer, Refusal> {
    let mut answer = Answer::new();
    let combinations = combinations(world, query)?;
    if query.is_ranking() || query.transform == Transform::Share {
        return compared(world, query, &combinations);
    }
    for codes in combinations {
        for &frequency in &query.frequencies {
            let voices = voices(world, query, &codes, frequency);
            let groups = match &query.sources {
                Sources::Best => {
                    vec![("best".to_owned(), voices_of_best(world, &codes, frequency, &voices))]
                }
                _ => ordered(world, &codes, frequency, &voices)
                    .into_iter()
                    .map(|voice| (voice.source.clone(), vec![voice]))
                    .collect(),
            };
            for (source, voices) in groups {
                let is_stock = world.measure(&codes).is_stock;
                let keeps = query.partial.unwrap_or(!is_stock);
                let lines = observations(query, &voices, frequency, (keeps, world.measure(&codes).decimals));
                let lines = window(query, frequency, lines);
                if !lines.is_empty() {
                    answer.insert((frequency, codes.clone(), source), lines);
                }
            }
        }
    }
    Ok(answer)
}

/// What each source says, by period.
pub type Tracks = BTreeMap<String, BTreeMap<i32, Cell>>;

/// What each source that may answer says, with the periods of all years.
pub fn voices(world: &World, query: &Query, codes: &[String], frequency: Frequency) -> Tracks {
    let mut voices = BTreeMap::new();
    for (source, _) in &world.sources {
        if matches!(&query.sources, Sources::Listed(asked) if !asked.contains(source)) {
            continue;
        }
        let fits = |of: Frequency| of == frequency || (query.converts && of > frequency);
        if !world.speaks_of(source, codes, fits) {
            continue;
        }
        let periods = YEARS.start * frequency.per_year()..YEARS.end * frequency.per_year();
        let track: BTreeMap<i32, Cell> = periods
            .filter_map(|period| Some((period, said(world, query, (source, codes), frequency, period)?)))
            .collect();
        if !track.is_empty() {
            voices.insert(source.clone(), track);
        }
    }
    voices
}

/// Chosen, transformed and filled.
pub fn observations(
    query: &Query,
    voices: &[Voice],
    frequency: Frequency,
    (keeps, decimals): (bool, u32),
) -> Vec<Line> {
    let mut lines = Vec::new();
    let periods: BTreeSet<i32> = voices.iter().flat_map(|voice| voice.track.keys().copied()).collect();
    for period in periods {
        let Some((voice, cell)) = choose(voices, period, keeps) else { continue };
        lines.push(match query.transform {
            Transform::Level => Line {
                period,
                value: cell.value,
                status: char::from(cell.status),
                source: voice.source.clone(),
                derived: cell.coverage.is_some(),
                coverage: cell.coverage,
                reason: cell.reason,
                low_trust: voice.low_trust,
            },
            transform => transformed(voices, (voice, cell), transform, (frequency, period, decimals)),
        });
    }
    fill(query.fill, lines)
}

/// The first source that has a complete figure of a period, else the first with an incomplete one where those are kept, else
/// the first that states it as missing.
pub fn choose(voices: &[Voice], period: i32, keeps: bool) -> Option<(&Voice, &Cell)> {
    let speaking = || voices.iter().filter_map(|voice| Some((voice, voice.track.get(&period)?)));
    speaking()
        .find(|(_, cell)| cell.counts())
        .or_else(|| speaking().find(|(_, cell)| keeps && cell.value.is_some()))
        .or_else(|| speaking().find(|(_, cell)| cell.value.is_none()))
}

/// Puts something where nothing is stated, between the first and the last period.
pub fn fill(fill: Fill, lines: Vec<Line>) -> Vec<Line> {
    if fill == Fill::None {
        return lines;
    }
    let mut filled: Vec<Line> = Vec::new();
    for line in lines {
        while let Some(before) = filled.last().filter(|before| before.period + 1 < line.period) {
            let period = before.period + 1;
            let previous = fill == Fill::Previous && before.value.is_some();
            filled.push(if previous {
                Line { period, status: 'I', derived: true, ..before.clone() }
            } else {
                Line {
                    period,
                    value: None,
                    status: 'M',
                    source: before.source.clone(),
                    derived: true,
                    coverage: None,
                    reason: Some("not_stated"),
                    low_trust: before.low_trust,
                }
            });
        }
        filled.push(line);
    }
    filled
}

/// What lies wholly between start and end; of that the last so many.
pub fn window(query: &Query, frequency: Frequency, mut lines: Vec<Line>) -> Vec<Line> {
    lines.retain(|line| {
        let period = Period::new(frequency, line.period).unwrap();
        query.start.is_none_or(|start| period.first_day() >= start.first_day())
            && query.end.is_none_or(|end| period.last_day() <= end.last_day())
    });
    let more = query.last.map_or(0, |last| lines.len().saturating_sub(last));
    lines.drain(..more);
    lines
}
