//! Which sources may answer together, and in which order.

use std::collections::BTreeMap;

use china_auto::timeseries::key::Dimension;
use china_auto::timeseries::period::{Frequency, Period};

use super::codes::{kind, upwards};
use super::model::Tracks;
use super::world::{Cell, Row, World};

/// A source at its place, with what it says there.
#[derive(Debug, Clone)]
pub struct Voice {
    pub source: String,
    pub low_trust: bool,
    pub track: BTreeMap<i32, Cell>,
}

/// The sources of the first scope with a complete figure at any time, else of the first with anything.
pub fn voices_of_best(world: &World, codes: &[String], frequency: Frequency, tracks: &Tracks) -> Vec<Voice> {
    let scopes = scopes(world, codes, frequency, tracks);
    let has = |scope: &&Vec<Voice>, what: fn(&Cell) -> bool| {
        scope.iter().any(|voice| voice.track.values().any(what))
    };
    let complete = scopes.iter().find(|scope| has(scope, Cell::counts));
    let any = || scopes.iter().find(|scope| has(scope, |_| true));
    complete.or_else(any).cloned().unwrap_or_default()
}

/// Every source that says something once, in the order of precedence, with all that it says.
pub fn ordered(world: &World, codes: &[String], frequency: Frequency, tracks: &Tracks) -> Vec<Voice> {
    let mut ordered: Vec<Voice> = Vec::new();
    for voice in scopes(world, codes, frequency, tracks).into_iter().flatten() {
        if !ordered.iter().any(|other| other.source == voice.source) {
            ordered.push(Voice { track: tracks[&voice.source].clone(), ..voice });
        }
    }
    ordered
}

type Subject<'a> = (&'a [String], Frequency);

/// One source at its first place, with what it says there or at all.
pub fn voice_of(
    world: &World,
    (codes, frequency): Subject<'_>,
    tracks: &Tracks,
    source: &str,
    ends: bool,
) -> Option<Voice> {
    let track = tracks.get(source)?;
    let mut all = scopes(world, codes, frequency, tracks).into_iter().flatten();
    let voice = all.find(|voice| voice.source == source)?;
    Some(if ends { voice } else { Voice { track: track.clone(), ..voice } })
}

/// The complete figure of a source, or of the first that counts alike.
pub fn alike(
    world: &World,
    (codes, frequency): Subject<'_>,
    tracks: &Tracks,
    (source, period): (&str, i32),
) -> Option<Cell> {
    let counting = |cell: Option<&Cell>| cell.filter(|cell| cell.counts()).cloned();
    let own = counting(tracks.get(source).and_then(|track| track.get(&period)));
    own.or_else(|| {
        let rows = rows(world, codes, frequency);
        // Of the scopes in their order the first that the source is in.
        let lists =
            |scope: &str| rows.iter().any(|r| r.scope == scope && r.sources.iter().any(|s| s == source));
        let scope = rows.iter().map(|row| &row.scope).find(|scope| lists(scope))?;
        let at = rows.iter().position(|row| row.scope == *scope)?;
        let before = rows[..at].iter().map(|row| &row.scope).collect::<std::collections::BTreeSet<_>>().len();
        let voices = scopes(world, codes, frequency, tracks).into_iter().nth(before)?;
        voices.iter().find_map(|voice| counting(voice.track.get(&period)))
    })
}

/// The scopes, best first, with the sources that say something.
fn scopes(world: &World, codes: &[String], frequency: Frequency, tracks: &Tracks) -> Vec<Vec<Voice>> {
    let rows = rows(world, codes, frequency);
    let mut names: Vec<&str> = Vec::new();
    for row in &rows {
        if !names.contains(&row.scope.as_str()) {
            names.push(&row.scope);
        }
    }
    let mut scopes = Vec::new();
    for name in names {
        let mut scope = Vec::new();
        for row in rows.iter().filter(|row| row.scope == name) {
            for source in &row.sources {
                let Some(track) = tracks.get(source) else { continue };
                let mut track = track.clone();
                let until = row.until.map(|until| until.last);
                track.retain(|period, _| {
                    let end = Period::new(frequency, *period).unwrap().last_day();
                    until.is_none_or(|until| end <= until)
                });
                let is_press = world.sources.iter().any(|(code, press)| code == source && *press);
                scope.push(Voice { source: source.clone(), low_trust: row.low_trust || is_press, track });
            }
        }
        scopes.push(scope);
    }
    let is_ranked = !world.rows.is_empty();
    for (source, is_press) in &world.sources {
        let listed = rows.iter().any(|row| row.sources.contains(source));
        if let Some(track) = tracks.get(source).filter(|_| !listed) {
            scopes.push(vec![Voice {
                source: source.clone(),
                low_trust: is_ranked || *is_press,
                track: track.clone(),
            }]);
        }
    }
    scopes
}

/// The rows that hold for a series, by rank: those that name its measure or level in place of those that do not.
fn rows<'a>(world: &'a World, codes: &[String], frequency: Frequency) -> Vec<&'a Row> {
    let measure = &codes[world.place(Dimension::Measure)];
    let level = level(world, codes);
    let fits = |row: &&Row| {
        [measure.as_str(), "*"].contains(&row.measure.as_str())
            && [level, "*"].contains(&row.level.as_str())
            && (row.frequencies.is_empty() || row.frequencies.contains(&frequency))
    };
    let fitting: Vec<&Row> = world.rows.iter().filter(fits).collect();
    // The measure says more than the level.
    let weight = |row: &Row| 2 * u8::from(row.measure != "*") + u8::from(row.level != "*");
    let most = fitting.iter().map(|row| weight(row)).max();
    let mut rows: Vec<&Row> = fitting.into_iter().filter(|row| Some(weight(row)) == most).collect();
    rows.sort_by_key(|row| row.rank);
    rows
}

/// The first of these that the codes of a series are of; a sum is of a level if all its codes are.
fn level(world: &World, codes: &[String]) -> &'static str {
    let all = |dimension, is: fn(&str) -> bool| codes[world.place(dimension)].split('+').all(is);
    if all(Dimension::Maker, |code| code != "_T") {
        "maker"
    } else if all(Dimension::Geo, |code| kind(Dimension::Geo, code) == "province") {
        "province"
    } else if all(Dimension::Powertrain, |code| upwards(Dimension::Powertrain, code).contains(&"NEV")) {
        "nev"
    } else if all(Dimension::Access, |code| code == "public") {
        "public"
    } else {
        "national"
    }
}
