//! Rankings and shares: codes of one dimension held against each other and against their whole.

use std::collections::{BTreeMap, BTreeSet};

use china_auto::timeseries::period::Frequency;
use china_auto::timeseries::plan::{Sources, Transform};

use super::choice::{Refusal, combinations};
use super::model::{choose, fill, observations, window};
use super::said::weakest;
use super::scope::{Voice, alike, ordered, voice_of, voices_of_best};
use super::unit::{Member, Unit, complete, units, whole};
use super::world::{Answer, Asked, Cell, Line, Number, Query, World, YEARS};

/// What one source ranks of a unit.
struct Listing<'a> {
    unit: &'a Unit<'a>,
    source: String,
    /// What it says of each member, by their places.
    voices: Vec<Option<Voice>>,
    /// The members that are ranked.
    level: BTreeSet<usize>,
    /// The first and the last period that are asked for.
    window: (i32, i32),
}

/// The answer to a question that holds codes against each other.
pub fn compared(world: &World, query: &Query, shown: &[Vec<String>]) -> Result<Answer, Refusal> {
    let (dimension, level) = query.ranked().unwrap();
    let whole = whole(&query.codes[&dimension], dimension, level);
    if let (Some(whole), Asked::Codes(codes)) = (&whole, &query.codes[&dimension])
        && codes.contains(whole)
    {
        return Err(Refusal { parameter: dimension.name(), code: "invalid_parameter" });
    }
    if whole.is_none() && query.transform == Transform::Share {
        return Err(Refusal { parameter: "transform", code: "invalid_parameter" });
    }
    let mut answer = Answer::new();
    let (mut here, mut elsewhere) = (false, false);
    for &frequency in &query.frequencies {
        for unit in units(world, query, frequency, shown).iter().filter(|unit| !unit.members.is_empty()) {
            if !query.is_ranking() {
                shares(unit, &mut answer);
                continue;
            }
            let (ranked, outside): (Vec<_>, Vec<_>) =
                listings(unit).into_iter().partition(|listing| listing.covered() > 0);
            elsewhere |= !outside.is_empty();
            here |= !ranked.is_empty();
            for listing in chosen(query, &ranked) {
                rank(listing, &mut answer);
            }
        }
    }
    if (query.start.is_some() || query.end.is_some()) && elsewhere && !here {
        return Err(Refusal { parameter: "group_by", code: "no_ranking" });
    }
    Ok(answer)
}

/// What an answer tells of a ranking.
#[derive(Debug, PartialEq)]
pub struct Told {
    /// The codes that its series share.
    pub codes: Vec<String>,
    pub frequency: Frequency,
    pub source: String,
    pub window: (i32, i32),
    /// The least part of the whole in any period, in percent; `None` where that is not known of each.
    pub coverage: Option<f64>,
    pub complete: bool,
}

/// The rankings of an answer.
pub fn rankings(world: &World, query: &Query) -> Vec<Told> {
    let shown = combinations(world, query).unwrap_or_default();
    let mut told = Vec::new();
    for &frequency in query.frequencies.iter().filter(|_| query.is_ranking()) {
        for unit in units(world, query, frequency, &shown).iter().filter(|unit| !unit.members.is_empty()) {
            let all: Vec<_> = listings(unit).into_iter().filter(|listing| listing.covered() > 0).collect();
            told.extend(chosen(query, &all).into_iter().map(Listing::told));
        }
    }
    told
}

/// What each source ranks, in the order of precedence.
fn listings<'a>(unit: &'a Unit<'a>) -> Vec<Listing<'a>> {
    let all: BTreeMap<_, _> = unit.members.iter().flat_map(|member| member.tracks.clone()).collect();
    let order = ordered(unit.world, &unit.members[0].codes, unit.frequency, &all);
    order.into_iter().filter_map(|voice| listing(unit, voice.source)).collect()
}

/// Of those that have enough in every period the one with most periods, else of all; the first of equals. Or each.
fn chosen<'a, 'b>(query: &Query, all: &'b [Listing<'a>]) -> Vec<&'b Listing<'a>> {
    if query.sources != Sources::Best {
        return all.iter().collect();
    }
    let enough = |listing: &Listing| listing.periods().all(|period| listing.is_enough(period));
    let any = all.iter().any(enough);
    let candidates = || all.iter().filter(|listing| !any || enough(listing));
    let most = candidates().map(Listing::covered).max();
    candidates().find(|listing| Some(listing.covered()) == most).into_iter().collect()
}

fn listing<'a>(unit: &'a Unit<'a>, source: String) -> Option<Listing<'a>> {
    let is_best = unit.query.sources == Sources::Best;
    let voice = |member: &Member| {
        voice_of(unit.world, (&member.codes, unit.frequency), &member.tracks, &source, is_best)
    };
    let voices: Vec<Option<Voice>> = unit.members.iter().map(voice).collect();
    let open: Vec<usize> = (0..voices.len()).filter(|at| unit.members[*at].is_open).collect();
    let periods: BTreeSet<i32> =
        open.iter().flat_map(|at| figures(voices[*at].as_ref()).into_keys()).collect();
    let window = asked(unit.query, unit.frequency, &periods)?;
    let speaks = |at: &usize| figures(voices[*at].as_ref()).keys().any(|p| (window.0..=window.1).contains(p));
    let speaking: Vec<usize> = open.into_iter().filter(speaks).collect();
    let is_part =
        |at: &usize| speaking.iter().any(|above| unit.covers(&unit.members[*above], &unit.members[*at]));
    let level = speaking.iter().copied().filter(|at| !is_part(at)).collect();
    Some(Listing { unit, source, voices, level, window })
}

/// The complete figures of a source, by period.
fn figures(voice: Option<&Voice>) -> BTreeMap<i32, i64> {
    let track = voice.into_iter().flat_map(|voice| &voice.track);
    track.filter_map(|(period, cell)| Some((*period, complete(cell)?))).collect()
}

/// The first and the last period that are asked for, of a source that has figures for these.
fn asked(query: &Query, frequency: Frequency, periods: &BTreeSet<i32>) -> Option<(i32, i32)> {
    let first = query.start.map_or(*periods.first()?, |start| start.first_within(frequency));
    let last = query.end.map_or(*periods.last()?, |end| end.last_within(frequency));
    let within: Vec<i32> = periods.iter().copied().filter(|p| (first..=last).contains(p)).collect();
    match query.last {
        Some(count) if !within.is_empty() => {
            Some((within[within.len().saturating_sub(count)], *within.last().unwrap()))
        }
        _ => Some((first, last)),
    }
}

impl Listing<'_> {
    fn periods(&self) -> std::ops::RangeInclusive<i32> {
        self.window.0..=self.window.1
    }

    /// The figures of what is ranked at a period.
    fn ranked(&self, period: i32) -> Vec<i64> {
        let of = |at: &usize| figures(self.voices[*at].as_ref()).get(&period).copied();
        self.level.iter().filter_map(of).collect()
    }

    /// For how many of the periods it ranks something.
    fn covered(&self) -> usize {
        self.periods().filter(|period| !self.ranked(*period).is_empty()).count()
    }

    fn whole(&self, period: i32) -> Option<Cell> {
        let whole = self.unit.whole.as_ref()?;
        alike(self.unit.world, (&whole.codes, self.unit.frequency), &whole.tracks, (&self.source, period))
    }

    #[expect(clippy::cast_precision_loss, reason = "the figures are small")]
    fn told(&self) -> Told {
        let part = |period| {
            let (whole, ranked) = (self.whole(period)?.whole()?, self.ranked(period));
            let ranked = Some(ranked).filter(|ranked| whole > 0 && !ranked.is_empty())?;
            Some((ranked.iter().sum::<i64>() * 100) as f64 / whole as f64)
        };
        let parts: Option<Vec<f64>> = self.periods().map(part).collect();
        let mut codes = self.unit.members[0].codes.clone();
        codes.remove(self.unit.world.place(self.unit.dimension));
        Told {
            codes,
            frequency: self.unit.frequency,
            source: self.source.clone(),
            window: self.window,
            coverage: parts.and_then(|parts| parts.into_iter().reduce(f64::min)),
            complete: self.periods().all(|period| self.is_enough(period)),
        }
    }

    /// Whether what is ranked at a period is four fifths of the whole or more.
    fn is_enough(&self, period: i32) -> bool {
        let (whole, ranked) = (self.whole(period).and_then(|cell| cell.whole()), self.ranked(period));
        whole.is_some_and(|whole| {
            whole > 0 && !ranked.is_empty() && ranked.iter().sum::<i64>() * 5 >= whole * 4
        })
    }

    /// How large a member is in the time that is asked for.
    fn size(&self, at: usize) -> Option<i64> {
        let figures = figures(self.voices[at].as_ref());
        let within: Vec<i64> = figures
            .into_iter()
            .filter(|(p, _)| self.periods().contains(p))
            .map(|(_, figure)| figure)
            .collect();
        let last = within.last().copied()?;
        Some(if self.unit.is_stock() { last } else { within.iter().sum() })
    }

    /// The members that are answered: of those that are asked for the largest.
    fn shown(&self) -> Vec<usize> {
        let is_listed = matches!(self.unit.query.codes[&self.unit.dimension], super::world::Asked::Codes(_));
        let asked = |at: &usize| {
            self.unit.members[*at].is_shown
                && self.voices[*at].is_some()
                && (is_listed || self.level.contains(at))
        };
        let mut shown: Vec<usize> = (0..self.voices.len()).filter(asked).collect();
        if let Some(top) = self.unit.query.top {
            shown.retain(|at| self.size(*at).is_some());
            shown.sort_by_key(|at| std::cmp::Reverse(self.size(*at)));
            shown.truncate(top);
        }
        shown
    }

    /// The whole less what is shown, by period.
    fn rest(&self, shown: &[usize]) -> BTreeMap<i32, Cell> {
        let periods =
            YEARS.start * self.unit.frequency.per_year()..YEARS.end * self.unit.frequency.per_year();
        let ranked = periods.filter(|period| !self.ranked(*period).is_empty());
        ranked.filter_map(|period| Some((period, self.rest_at(shown, period)?))).collect()
    }

    fn rest_at(&self, shown: &[usize], period: i32) -> Option<Cell> {
        let voices = shown.iter().filter_map(|at| self.voices[*at].as_ref());
        let cells: Vec<&Cell> = voices.filter_map(|voice| voice.track.get(&period)).collect();
        let whole = self.whole(period);
        if cells.is_empty() && whole.is_none() {
            return None;
        }
        let null = |reason| Cell { value: None, status: b'M', coverage: None, reason: Some(reason) };
        let Some(whole) = whole.filter(|_| self.is_enough(period)) else {
            return Some(null("incomplete_ranking"));
        };
        if cells.len() < shown.len() {
            return Some(null("parts"));
        }
        let Some(figures) = cells.iter().map(|cell| complete(cell)).collect::<Option<Vec<i64>>>() else {
            return Some(null("partial"));
        };
        let rest = whole.whole()? - figures.iter().sum::<i64>();
        if rest < 0 {
            return Some(null("overlap"));
        }
        let of = u32::try_from(cells.len() + 1).unwrap();
        let status = weakest(cells.iter().map(|cell| cell.status).chain([whole.status]));
        Some(Cell { value: Some(Number::Whole(rest)), status, coverage: Some((of, of)), reason: None })
    }
}

/// The series of one ranking.
fn rank(listing: &Listing<'_>, answer: &mut Answer) {
    let (unit, query) = (listing.unit, listing.unit.query);
    let shown = listing.shown();
    for &at in &shown {
        let voice = listing.voices[at].as_ref().unwrap();
        put(listing, &unit.members[at].codes, lines(listing, voice, Some(at)), answer);
    }
    if query.other && query.transform != Transform::Rank && !shown.is_empty() {
        let mut codes = unit.members[shown[0]].codes.clone();
        "_O".clone_into(&mut codes[unit.world.place(unit.dimension)]);
        let first = listing.voices[shown[0]].as_ref().unwrap();
        let voice = Voice { track: listing.rest(&shown), ..first.clone() };
        put(listing, &codes, lines(listing, &voice, None), answer);
    }
}

fn put(listing: &Listing<'_>, codes: &[String], lines: Vec<Line>, answer: &mut Answer) {
    let best = listing.unit.query.sources == Sources::Best;
    let source = if best { "best".to_owned() } else { listing.source.clone() };
    let unit = listing.unit;
    let lines = if unit.query.last.is_some() {
        let filled = fill(unit.query.fill, lines).into_iter();
        filled.filter(|line| (listing.window.0..=listing.window.1).contains(&line.period)).collect()
    } else {
        window(unit.query, unit.frequency, fill(unit.query.fill, lines))
    };
    keep((unit, source), codes, lines, answer);
}

/// Fills and cuts a series, and adds it where anything is left.
fn add(unit: &Unit<'_>, (codes, source): (&[String], String), lines: Vec<Line>, answer: &mut Answer) {
    let lines = window(unit.query, unit.frequency, fill(unit.query.fill, lines));
    keep((unit, source), codes, lines, answer);
}

fn keep((unit, source): (&Unit<'_>, String), codes: &[String], lines: Vec<Line>, answer: &mut Answer) {
    if !lines.is_empty() {
        answer.insert((unit.frequency, codes.to_vec(), source), lines);
    }
}

/// What is computed of one member, or of the rest.
fn lines(listing: &Listing<'_>, voice: &Voice, at: Option<usize>) -> Vec<Line> {
    let unit = listing.unit;
    let (keeps, voices) = (unit.keeps_partial(), [voice.clone()]);
    if !matches!(unit.query.transform, Transform::Share | Transform::Rank) {
        let decimals = unit.world.measure(&unit.members[0].codes).decimals;
        // Filled and cut with the others.
        let plain = Query { fill: china_auto::timeseries::plan::Fill::None, ..unit.query.clone() };
        return observations(&plain, &voices, unit.frequency, (keeps, decimals));
    }
    let chosen = voice.track.keys().filter_map(|period| Some((*period, choose(&voices, *period, keeps)?.1)));
    let computed = |(period, cell): (i32, &Cell)| {
        let computed = match unit.query.transform {
            Transform::Share if !listing.is_enough(period) => Err("incomplete_ranking"),
            Transform::Share => counting(cell).and_then(|cell| share(cell, &listing.whole(period).unwrap())),
            _ => counting(cell).and_then(|cell| match at {
                Some(at) if listing.level.contains(&at) => Ok((rank_of(listing, cell, period), cell.status)),
                _ => Err("overlap"),
            }),
        };
        line(voice, (period, cell), computed)
    };
    chosen.map(computed).collect()
}

/// 1 for the largest; equal ones share the better place.
fn rank_of(listing: &Listing<'_>, cell: &Cell, period: i32) -> Number {
    let larger = listing.ranked(period).into_iter().filter(|other| Some(*other) > cell.whole()).count();
    Number::Whole(i64::try_from(larger + 1).unwrap())
}

type Computed = Result<(Number, u8), &'static str>;

fn line(voice: &Voice, (period, cell): (i32, &Cell), computed: Computed) -> Line {
    Line {
        period,
        value: computed.ok().map(|(value, _)| value),
        status: char::from(computed.map_or(cell.status, |(_, status)| status)),
        source: voice.source.clone(),
        derived: true,
        coverage: None,
        reason: computed.err(),
        low_trust: voice.low_trust,
    }
}

/// The figure where it is whole, else why nothing is computed of it.
fn counting(cell: &Cell) -> Result<&Cell, &'static str> {
    if cell.counts() {
        return Ok(cell);
    }
    Err(cell.reason.unwrap_or(if cell.value.is_some() { "partial" } else { "gap" }))
}

#[expect(clippy::cast_precision_loss, reason = "the figures are small")]
fn share(cell: &Cell, whole: &Cell) -> Computed {
    let (part, of) = (cell.whole().ok_or("gap")?, whole.whole().ok_or("gap")?);
    if of == 0 {
        return Err("zero");
    }
    Ok((Number::Ratio((part * 100) as f64 / of as f64), weakest([cell.status, whole.status])))
}

/// Shares where nothing has to be ranked: each by the first source that has both ends.
fn shares(unit: &Unit<'_>, answer: &mut Answer) {
    for member in unit.members.iter().filter(|member| member.is_shown) {
        let (codes, frequency) = (&member.codes, unit.frequency);
        let series = if unit.query.sources == Sources::Best {
            vec![("best".to_owned(), voices_of_best(unit.world, codes, frequency, &member.tracks))]
        } else {
            let all = ordered(unit.world, codes, frequency, &member.tracks).into_iter();
            all.map(|voice| (voice.source.clone(), vec![voice])).collect()
        };
        for (source, voices) in series {
            let periods: BTreeSet<i32> =
                voices.iter().flat_map(|voice| voice.track.keys().copied()).collect();
            let lines = periods.into_iter().filter_map(|period| share_line(unit, &voices, period)).collect();
            add(unit, (codes, source), lines, answer);
        }
    }
}

fn share_line(unit: &Unit<'_>, voices: &[Voice], period: i32) -> Option<Line> {
    let (speaker, cell) = choose(voices, period, unit.keeps_partial())?;
    let whole_of = |source: &str| {
        let whole = unit.whole.as_ref()?;
        alike(unit.world, (&whole.codes, unit.frequency), &whole.tracks, (source, period))
    };
    let both = |voice: &&Voice| {
        voice.track.get(&period).is_some_and(Cell::counts) && whole_of(&voice.source).is_some()
    };
    if let Some(voice) = voices.iter().find(both) {
        let computed = share(&voice.track[&period], &whole_of(&voice.source)?);
        let by = if computed.is_ok() { voice } else { speaker };
        return Some(line(by, (period, cell), computed));
    }
    let known = unit
        .whole
        .as_ref()
        .is_some_and(|whole| whole.tracks.values().any(|track| track.get(&period).is_some_and(Cell::counts)));
    let reason = counting(cell).err().unwrap_or(if known { "source_change" } else { "gap" });
    Some(line(speaker, (period, cell), Err(reason)))
}
