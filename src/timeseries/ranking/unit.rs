//! One ranking unit: all series that differ in the ranked dimension only, and what they are parts of.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::ground::{Ground, Said};
use super::listing::Listing;
use super::ranked::Ranked;
use super::{Elsewhere, Ranking};
use crate::timeseries::derive::{Cell, Figure, Reason, joined};
use crate::timeseries::frame::{Observation, Series, Voice, finished, voices};
use crate::timeseries::period::Frequency;
use crate::timeseries::plan::{Ranks, Sources};
use crate::timeseries::precedence::Subject;
use crate::timeseries::transform::{self, Level, hundredfold};

/// Series that are ranked together.
#[derive(Debug, Default)]
pub struct Unit<'a> {
    pub parts: Vec<Said<'a>>,
    pub whole: Option<Said<'a>>,
}

impl Unit<'_> {
    /// The series that it is answered with.
    pub fn answer(
        &self,
        ground: &Ground<'_>,
        rankings: &mut Vec<Ranking>,
        elsewhere: &mut BTreeSet<Elsewhere>,
    ) -> Vec<Series> {
        if self.parts.is_empty() {
            return Vec::new();
        }
        if ground.plan.ranks == Ranks::Shares {
            return self.shares(ground);
        }
        let mut answered = Vec::new();
        for listing in self.listings(ground, elsewhere) {
            rankings.push(listing.told(ground));
            answered.append(&mut Ranked { ground, unit: self, listing: &listing }.series());
        }
        answered
    }

    /// The codes of one part.
    pub fn codes(&self) -> &[SmolStr] {
        self.parts.first().map_or(&[], |part| part.target.codes.as_slice())
    }

    pub fn frequency(&self) -> Frequency {
        self.parts.first().map(|part| part.target.frequency).unwrap_or_default()
    }

    /// The sources whose rankings are answered: the best, or each.
    fn listings(&self, ground: &Ground<'_>, elsewhere: &mut BTreeSet<Elsewhere>) -> Vec<Listing<'_>> {
        let mut sources: Vec<&str> = Vec::new();
        for source in self.parts.iter().flat_map(Said::sources) {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        let order = self.order(ground, &sources);
        let all = order.into_iter().filter_map(|source| Listing::new(ground, self, source));
        let (mut here, there): (Vec<_>, Vec<_>) = all.partition(|listing| listing.covered() > 0);
        elsewhere.extend(there.iter().map(Listing::elsewhere));
        if ground.plan.sources != Sources::Best {
            return here;
        }
        // Where a side of the time is open, one that ranks a single month is complete for all of its own time.
        let best = |at: &usize| (!here[*at].is_complete(), Reverse(here[*at].covered()), *at);
        let best = (0..here.len()).min_by_key(best);
        best.map(|at| vec![here.swap_remove(at)]).unwrap_or_default()
    }

    /// Sources in the order of the precedence table.
    fn order<'s>(&self, ground: &Ground<'_>, sources: &[&'s str]) -> Vec<&'s str> {
        let subject = Subject { dataset: ground.dataset, frequency: self.frequency(), codes: self.codes() };
        let scopes = subject.scopes(ground.vocabulary, sources.iter().copied());
        let mut ordered: Vec<&str> = Vec::new();
        for ranked in scopes.iter().flat_map(|scope| &scope.sources) {
            let found = sources.iter().find(|source| **source == ranked.source);
            ordered.extend(found.filter(|source| !ordered.contains(source)));
        }
        ordered
    }

    /// The shares of what is shown, each of the source that answers it.
    fn shares(&self, ground: &Ground<'_>) -> Vec<Series> {
        let shown = self.parts.iter().filter(|part| ground.shows(&part.target.codes));
        let each = shown.flat_map(|part| {
            let voices = voices(ground.plan, part.scopes.clone(), &part.tracks);
            voices.into_iter().map(move |(code, voices)| (part, code, voices))
        });
        let series = each.map(|(part, code, voices)| {
            let levels = transform::levels(
                &voices,
                ground.plan.keeps_partial(ground.dataset.measure_of(self.codes())),
            );
            let observations = levels.map(|level| self.share(&voices, level)).collect();
            let (group, frequency) = (part.target.group.clone(), part.target.frequency);
            Series { group, frequency, codes: part.codes(ground, &code), observations }
        });
        finished(series.collect(), ground.plan.fill, &ground.plan.window)
    }

    /// A share by the first source that has both the figure and the whole, or one that counts alike has that.
    fn share(&self, voices: &[Voice<'_>], level: Level<'_>) -> Observation {
        let period = level.period;
        let both = |voice: &Voice<'_>| {
            let cell = voice.at(period).filter(|cell| cell.counts())?;
            let whole = self.whole.as_ref()?.alike(&voice.source, period)?;
            Some(share(cell, whole).map(|cell| voice.says(period, &cell)))
        };
        let lacking = || {
            if let Err(reason) = level.counting() {
                return reason;
            }
            let known = self.whole.as_ref().is_some_and(|whole| whole.anybody(period));
            if known { Reason::SourceChange } else { Reason::Gap }
        };
        level.told(voices.iter().find_map(both).unwrap_or_else(|| Err(lacking())))
    }
}

/// A share in percent of two whole figures.
pub fn share(cell: &Cell, whole: &Cell) -> Result<Cell, Reason> {
    let (Some(part), Some(of)) = (cell.exact(), whole.exact()) else { return Err(Reason::Gap) };
    if of == 0 {
        return Err(Reason::Zero);
    }
    #[expect(clippy::cast_precision_loss, reason = "figures are far below 2^53")]
    let figure = Some(Figure::Ratio(hundredfold(part) / of as f64));
    let both = joined(Some(Cell { note: None, ..cell.clone() }), whole);
    Ok(Cell { figure, coverage: None, ..both })
}
