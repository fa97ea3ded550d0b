//! The series that a query selects and what they may be made of, before any figure is read.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use super::estimate::{self, Bounds};
use super::fetch::{Figures, Listing, Reader};
use super::plan::Plan;
use super::target::{Stored, Target};
use crate::error::Result;

/// What a plan selects.
#[derive(Debug)]
pub struct Selected {
    /// The series of the answer, in the order of their keys.
    pub targets: Vec<Target>,
    /// The stored series that these may be made of, by their ids.
    stored: Vec<Stored>,
    /// Their figures, where these came along.
    held: Option<Arc<Figures>>,
    /// With a past state: the target that tells of a stored series, so that none is told of twice: its own, or else the first that
    /// may be made of it.
    tellers: HashMap<i64, usize>,
}

impl Selected {
    /// What a plan selects: the reader's own, or one that is made of it.
    pub async fn read(reader: &Reader<'_>, plan: &Plan) -> Result<Self> {
        let (targets, Listing { stored, figures }) = reader.targets(plan).await?;
        let tellers = if plan.as_of.is_some() { tellers(&targets) } else { HashMap::new() };
        Ok(Self { tellers, ..Self::of(targets, stored, figures) })
    }

    /// Some targets and the stored series that these may be made of, with their figures where these are known.
    pub fn of(targets: Vec<Target>, mut stored: Vec<Stored>, figures: Option<Figures>) -> Self {
        stored.sort_unstable_by_key(|one| one.id);
        Self { targets, stored, held: figures.map(Arc::new), tellers: HashMap::new() }
    }

    /// The stored series that some of the targets may be made of.
    pub fn needed<'t>(&self, targets: impl IntoIterator<Item = &'t Target>) -> Vec<&Stored> {
        let mut ids: Vec<i64> = targets.into_iter().flat_map(Target::ids).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().filter_map(|id| self.stored(id)).collect()
    }

    /// The figures that some of the targets are made of.
    pub async fn read_figures<'t>(
        &self,
        reader: &Reader<'_>,
        targets: impl IntoIterator<Item = &'t Target>,
    ) -> Result<Arc<Figures>> {
        if let Some(figures) = &self.held {
            return Ok(Arc::clone(figures));
        }
        let targets: Vec<&Target> = targets.into_iter().collect();
        let needed = self.needed(targets.iter().copied());
        Ok(Arc::new(reader.figures(&targets, &needed).await?))
    }

    /// How many figures some of the targets are made of.
    pub fn figures<'t>(&self, targets: impl IntoIterator<Item = &'t Target>) -> i64 {
        self.needed(targets).iter().map(|stored| i64::from(stored.observations)).sum()
    }

    /// How many figures that a target is or might be made of, in the time that is asked for, came late.
    pub fn late(&self, plan: &Plan, target: &Target, figures: &Figures) -> usize {
        if figures.late.is_empty() {
            return 0;
        }
        let at = self.targets.binary_search_by(|one| one.group.cmp(&target.group)).ok();
        let told = |id: &i64| at.is_some() && self.tellers.get(id).copied() == at;
        let within = |id: i64| {
            let length =
                self.stored(id).map_or(1, |one| one.frequency.per_year() / target.frequency.per_year());
            let periods = figures.late.get(&id).into_iter().flatten();
            periods.filter(|p| plan.window.holds(target.frequency, p.div_euclid(length))).count()
        };
        let ids: BTreeSet<i64> = target.ids().into_iter().filter(told).collect();
        ids.into_iter().map(within).sum()
    }

    /// The first of some targets: as many as have up to `most` figures together, or one that has more alone.
    pub fn batch<'a>(&self, targets: &'a [Target], most: i64) -> &'a [Target] {
        let mut figures = 0;
        let count = targets.iter().take_while(|target| {
            let fits = figures < most;
            let each = target.ids().into_iter().filter_map(|id| self.stored(id));
            figures += each.map(|stored| i64::from(stored.observations)).sum::<i64>();
            fits
        });
        &targets[..count.count()]
    }

    /// The bounds of each target, by what is stored now: of a past state they say nothing for certain.
    pub fn bounds(&self, reader: &Reader<'_>) -> Vec<Bounds> {
        self.bounds_by(reader, &self.stored)
    }

    /// The bounds of each target at the state that is read; of a past one, by all that was ever stated.
    pub async fn bounds_then(&self, reader: &Reader<'_>) -> Result<Vec<Bounds>> {
        if !reader.is_past() {
            return Ok(self.bounds(reader));
        }
        Ok(self.bounds_by(reader, &reader.ever(&self.stored).await?))
    }

    /// The same without what only choosing and bounding ask for: what many series are read by one after the other. The source stands
    /// at this place of the codes.
    #[must_use]
    pub fn slim(mut self, at: usize) -> Self {
        for stored in &mut self.stored {
            // What is left tells the source.
            stored.codes.truncate(at + 1);
            stored.codes.shrink_to_fit();
        }
        self
    }

    fn bounds_by(&self, reader: &Reader<'_>, stored: &[Stored]) -> Vec<Bounds> {
        let Reader { plan, dataset, vocabulary, .. } = *reader;
        estimate::bounds(plan, (dataset, vocabulary), &self.targets, stored)
    }

    fn stored(&self, id: i64) -> Option<&Stored> {
        self.stored.binary_search_by_key(&id, |one| one.id).ok().map(|at| &self.stored[at])
    }
}

fn tellers(targets: &[Target]) -> HashMap<i64, usize> {
    let mut tellers = HashMap::new();
    for (at, target) in targets.iter().enumerate() {
        let own = target.sources.iter().filter_map(|(_, node)| node.published.get(target.frequency));
        tellers.extend(own.map(|id| (*id, at)));
    }
    for (at, target) in targets.iter().enumerate() {
        for id in target.ids() {
            tellers.entry(id).or_insert(at);
        }
    }
    tellers
}
