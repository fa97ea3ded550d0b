//! The series that are held against each other: alike in all but the code of one dimension, with what they are parts of.

use std::collections::BTreeMap;

use china_auto::timeseries::key::{Dimension, series_key};
use china_auto::timeseries::period::Frequency;

use super::choice::{is_mentioned, listed};
use super::codes::{children, kind, upwards};
use super::model::{Tracks, voices};
use super::world::{Asked, Cell, Query, World};

/// What all sources say of one series.
pub struct Member {
    pub codes: Vec<String>,
    pub tracks: Tracks,
    /// Whether it is asked for, and whether it is ranked.
    pub is_shown: bool,
    pub is_open: bool,
}

pub struct Unit<'a> {
    pub world: &'a World,
    pub query: &'a Query,
    pub frequency: Frequency,
    /// The dimension that is ranked.
    pub dimension: Dimension,
    pub members: Vec<Member>,
    pub whole: Option<Member>,
}

/// The units that the series of an answer at one frequency are of.
pub fn units<'a>(
    world: &'a World,
    query: &'a Query,
    frequency: Frequency,
    shown: &[Vec<String>],
) -> Vec<Unit<'a>> {
    let (dimension, level) = query.ranked().unwrap();
    let place = world.place(dimension);
    let with = |codes: &[String], code: &str| {
        let mut codes = codes.to_vec();
        code.clone_into(&mut codes[place]);
        codes
    };
    let mut shared: Vec<Vec<String>> = shown.iter().map(|codes| with(codes, "")).collect();
    shared.sort();
    shared.dedup();
    let ranked = ranked(&query.codes[&dimension], dimension, level);
    let whole = whole(&query.codes[&dimension], dimension, level);
    let unit = |others: Vec<String>| {
        let member = |codes: Vec<String>, is_shown: bool, is_open: bool| {
            let tracks = voices(world, query, &codes, frequency);
            Member { codes, tracks, is_shown, is_open }
        };
        let mut all: BTreeMap<Vec<String>, (bool, bool)> = BTreeMap::new();
        for code in ranked.iter().filter(|code| is_mentioned(world, dimension, code)) {
            all.entry(with(&others, code)).or_default().1 = true;
        }
        for codes in shown.iter().filter(|codes| with(codes, "") == others) {
            all.entry(codes.clone()).or_default().0 = true;
        }
        let members = all.into_iter().map(|(codes, (shown, open))| member(codes, shown, open));
        // The whole is none of its parts.
        let members = members.filter(|member| Some(&member.codes[place]) != whole.as_ref());
        let mut members: Vec<Member> = members.filter(|member| !member.tracks.is_empty()).collect();
        members.sort_by_key(|member| series_key("", frequency, member.codes.iter().map(String::as_str)));
        let whole = whole.as_ref().map(|code| member(with(&others, code), false, false));
        Unit { world, query, frequency, dimension, members, whole }
    };
    shared.into_iter().map(unit).collect()
}

/// The codes that are ranked, whether asked for or not.
fn ranked(asked: &Asked, dimension: Dimension, level: Option<&str>) -> Vec<String> {
    let is_of = |code: &String| level.is_none_or(|level| kind(dimension, code) == level);
    match asked {
        Asked::Below(_) => listed(asked, dimension),
        Asked::Unnamed if dimension == Dimension::Geo && level.is_none() => children(dimension, "CN"),
        _ => {
            listed(&Asked::Every, dimension).into_iter().filter(|code| code != "_T" && is_of(code)).collect()
        }
    }
}

/// What the codes are parts of: of places the nearest that all lie in.
pub fn whole(asked: &Asked, dimension: Dimension, level: Option<&str>) -> Option<String> {
    match asked {
        Asked::Below(above) => Some(above.clone()),
        _ if dimension != Dimension::Geo => Some("_T".to_owned()),
        _ => {
            let all = match asked {
                Asked::Codes(codes) => codes.clone(),
                _ => ranked(asked, dimension, level),
            };
            let above = |code: &String| upwards(dimension, code)[1..].to_vec();
            let has_the_others = |place: &&String| {
                all.len() > 1
                    && all.iter().all(|code| code == *place || above(code).contains(&place.as_str()))
            };
            if let Some(place) = all.iter().find(has_the_others) {
                return Some(place.clone());
            }
            let common = |place: &&str| all.iter().all(|code| above(code).contains(place));
            above(all.first()?).into_iter().find(common).map(str::to_owned)
        }
    }
}

impl Unit<'_> {
    /// Whether one member is part of another.
    pub fn covers(&self, above: &Member, below: &Member) -> bool {
        let code = |member: &Member| member.codes[self.world.place(self.dimension)].clone();
        code(above) != code(below) && upwards(self.dimension, &code(below)).contains(&code(above).as_str())
    }

    pub fn is_stock(&self) -> bool {
        self.world.measure(&self.members[0].codes).is_stock
    }

    pub fn keeps_partial(&self) -> bool {
        self.query.partial.unwrap_or(!self.is_stock())
    }
}

/// A figure and all of it.
pub fn complete(cell: &Cell) -> Option<i64> {
    cell.whole().filter(|_| cell.counts())
}
