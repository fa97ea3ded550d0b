//! The series that a query selects and what they may be made of, before any figure is read.

use std::collections::BTreeSet;

use super::estimate::{self, Bounds};
use super::fetch::Reader;
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
}

impl Selected {
    /// What a plan selects: the reader's own, or one that is made of it.
    pub async fn read(reader: &Reader<'_>, plan: &Plan) -> Result<Self> {
        let (targets, mut stored) = reader.targets(plan).await?;
        stored.sort_unstable_by_key(|one| one.id);
        Ok(Self { targets, stored })
    }

    /// The stored series that some of the targets may be made of.
    pub fn needed(&self, targets: &[Target]) -> Vec<&Stored> {
        let ids: BTreeSet<i64> = targets.iter().flat_map(Target::ids).collect();
        ids.into_iter().filter_map(|id| self.stored(id)).collect()
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

    /// The same without what only choosing and bounding ask for: what many series are read by one after the other.
    #[must_use]
    pub fn slim(mut self) -> Self {
        for stored in &mut self.stored {
            stored.codes = Vec::new();
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
