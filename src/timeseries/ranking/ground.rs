//! What a ranking stands on: which series are its parts and its whole, and what each source says of one.

use std::borrow::Cow;

use smol_str::SmolStr;

use crate::timeseries::dataset::{Dataset, Vocabulary};
use crate::timeseries::derive::{Cell, Track};
use crate::timeseries::fetch::Reader;
use crate::timeseries::frame::{Voice, source_at};
use crate::timeseries::key::{Dimension, TOTAL};
use crate::timeseries::plan::{Group, Plan, Selection, Sources};
use crate::timeseries::precedence::{Scope, Subject};
use crate::timeseries::target::Target;

/// A plan that ranks, with what it is understood by.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    pub plan: &'a Plan,
    pub dataset: &'a Dataset,
    pub vocabulary: &'a Vocabulary,
    /// The dimension that is ranked.
    pub group: &'a Group,
    /// The figures of all that is ranked, the largest first, where they are of one period and known without their series: then only
    /// the largest series are read, and what is ranked is the whole.
    pub figures: Option<&'a [i64]>,
}

/// What a series is in a ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// What the codes are parts of.
    Whole,
    /// A code that is ranked, or only shown.
    Part,
}

impl<'a> Ground<'a> {
    /// That of a reader; `None` where its plan ranks nothing.
    pub fn of(reader: &Reader<'a>) -> Option<Self> {
        let Reader { plan, dataset, vocabulary, .. } = *reader;
        Some(Self { plan, dataset, vocabulary, group: plan.ranked()?, figures: None })
    }

    /// What the series of these codes is; `None` where it has no place.
    pub fn place(&self, codes: &[SmolStr]) -> Option<Place> {
        let code = self.code(codes);
        let above_at_total =
            self.ranked(codes).all(|(dimension, code)| dimension == self.group.dimension || code == TOTAL);
        if self.group.whole.as_deref() == Some(code) && above_at_total {
            return Some(Place::Whole);
        }
        (self.shows(codes) || self.group.ranked.takes(code)).then_some(Place::Part)
    }

    /// Whether the series of these codes is answered.
    pub fn shows(&self, codes: &[SmolStr]) -> bool {
        self.plan.selection.get(&self.group.dimension).is_some_and(|s| s.takes(self.code(codes)))
    }

    /// The codes that the series shares with all that are ranked together with it.
    pub fn shared<'c>(&self, codes: &'c [SmolStr]) -> Vec<&'c str> {
        let all = self.dataset.dimensions.iter().zip(codes);
        all.filter(|(dimension, _)| !self.is_ranked(**dimension)).map(|(_, code)| code.as_str()).collect()
    }

    /// The code of the ranked dimension, and those of the levels above that its rows pin.
    pub fn ranked<'c>(&self, codes: &'c [SmolStr]) -> impl Iterator<Item = (Dimension, &'c str)> {
        let all = self.dataset.dimensions.iter().zip(codes);
        all.filter(|(dimension, _)| self.is_ranked(**dimension)).map(|(d, code)| (*d, code.as_str()))
    }

    fn code<'c>(&self, codes: &'c [SmolStr]) -> &'c str {
        let at = self.dataset.place(self.group.dimension);
        at.map_or(TOTAL, |at| codes[at].as_str())
    }

    /// Whether a dimension is the ranked one, or one above it that is open because rows pin it.
    pub fn is_ranked(&self, dimension: Dimension) -> bool {
        let open = || self.plan.selection.get(&dimension) == Some(&Selection::Any);
        dimension == self.group.dimension || (self.group.dimension.above().contains(&dimension) && open())
    }

    /// Each code above one of the ranked codes of a series, with its dimension.
    pub fn above<'c>(&'c self, codes: &'c [SmolStr]) -> impl Iterator<Item = (Dimension, &'c str)> {
        self.ranked(codes).flat_map(|(dimension, code)| {
            let list = self.vocabulary.codes.get(&dimension).into_iter();
            list.flat_map(move |list| list.above(code)).map(move |above| (dimension, above))
        })
    }

    /// The ranked codes of every series that one is part of: the same or above, but not all the same.
    pub fn wholes<'c>(&'c self, codes: &'c [SmolStr]) -> Vec<Vec<&'c str>> {
        let mut all: Vec<Vec<&str>> = vec![Vec::new()];
        for (dimension, code) in self.ranked(codes) {
            let list = self.vocabulary.codes.get(&dimension);
            let each = || std::iter::once(code).chain(list.into_iter().flat_map(|list| list.above(code)));
            let with = |so_far: Vec<&'c str>| each().map(move |code| [so_far.as_slice(), &[code]].concat());
            all = all.into_iter().flat_map(with).collect();
        }
        // The first is itself.
        all.split_off(1)
    }
}

/// What the sources say of one series.
#[derive(Debug)]
pub struct Said<'a> {
    pub target: &'a Target,
    /// The sources in their order, scope by scope.
    pub scopes: Vec<Scope>,
    pub tracks: Vec<(String, Cow<'a, Track>)>,
    /// Whether a source counts only up to the day that the precedence table ends it.
    ends: bool,
}

impl<'a> Said<'a> {
    pub fn new(ground: &Ground<'_>, target: &'a Target, tracks: Vec<(String, Cow<'a, Track>)>) -> Self {
        let subject = Subject { dataset: ground.dataset, frequency: target.frequency, codes: &target.codes };
        let scopes = subject.scopes(ground.vocabulary, tracks.iter().map(|(source, _)| source.as_str()));
        Self { target, scopes, tracks, ends: ground.plan.sources == Sources::Best }
    }

    /// Whether no source has a figure.
    pub fn says_nothing(&self) -> bool {
        self.tracks.iter().all(|(_, track)| track.is_empty())
    }

    /// The sources that say something, in their order.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        let all = self.scopes.iter().flat_map(|scope| &scope.sources).map(|ranked| ranked.source.as_str());
        all.filter(|source| self.track(source).is_some())
    }

    /// One source, with what it says.
    pub fn voice(&self, source: &str) -> Option<Voice<'_>> {
        let track = self.track(source)?;
        let ranked = self.scopes.iter().flat_map(|scope| &scope.sources).find(|r| r.source == source)?;
        let until = ranked.until.filter(|_| self.ends);
        Some(Voice { source: source.into(), until, low_trust: ranked.low_trust, track })
    }

    /// The whole figure of a source, or of the first that counts alike.
    pub fn alike(&self, source: &str, period: i32) -> Option<&Cell> {
        let counting = |source: &str| self.track(source)?.get(&period).filter(|cell| cell.counts());
        counting(source).or_else(|| {
            let named = |scope: &&Scope| scope.sources.iter().any(|ranked| ranked.source == source);
            let stands = |until: Option<i32>| until.is_none_or(|until| period <= until);
            let scope = self.scopes.iter().find(named)?;
            scope.sources.iter().filter(|r| stands(r.until)).find_map(|r| counting(&r.source))
        })
    }

    /// Whether any source has the whole figure.
    pub fn anybody(&self, period: i32) -> bool {
        self.tracks.iter().any(|(_, track)| track.get(&period).is_some_and(Cell::counts))
    }

    fn track(&self, source: &str) -> Option<&Track> {
        self.tracks.iter().find(|(of, _)| of == source).map(|(_, track)| &**track)
    }

    /// The codes with another source in their place.
    pub fn codes(&self, ground: &Ground<'_>, source: &str) -> Vec<SmolStr> {
        let mut codes = self.target.codes.clone();
        codes[source_at(ground.dataset)] = source.into();
        codes
    }
}
