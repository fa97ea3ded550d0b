//! A few series that a plan names by all their codes: their ids follow from their keys, and one statement reads them with their
//! figures.

use foldhash::{HashMap, HashMapExt as _};
use sqlx::postgres::PgRow;

use super::super::dataset::Dataset;
use super::super::derive::Track;
use super::super::key::{series_id, series_key};
use super::super::plan::Plan;
use super::super::reach::Reach;
use super::super::sql::Few;
use super::super::target::Stored;
use super::holding::add_figures;
use super::{Figures, Reader};
use crate::error::Result;

/// How many series are asked for by their ids at the most, be there such series or not. All figures of so many are few.
const MOST: usize = 32;

/// The stored series that a plan selects.
#[derive(Debug)]
pub struct Listing {
    /// Which they are.
    pub stored: Vec<Stored>,
    /// Their figures; `None` where they have yet to be read.
    pub figures: Option<Figures>,
}

impl Reader<'_> {
    /// The stored series that a plan selects, with their figures where these come along.
    pub(super) async fn listing(&self, plan: &Plan) -> Result<Listing> {
        match ids(plan, self.dataset).filter(|_| !self.is_past()) {
            Some(ids) => self.held(ids).await,
            None => Ok(Listing { stored: self.series(plan).await?, figures: None }),
        }
    }

    async fn held(&self, ids: Vec<i64>) -> Result<Listing> {
        let all = |track: &mut Track, row: &PgRow| add_figures(track, row, Reach::ALL.periods);
        let read = self.few(Few::with_ids(self.dataset, ids).into(), all).await?;
        let figures = Figures { tracks: read.made, late: HashMap::new() };
        Ok(Listing { stored: read.stored, figures: Some(figures) })
    }
}

/// The ids of all series that a plan may select; `None` where it leaves a code open, or they are many.
fn ids(plan: &Plan, dataset: &Dataset) -> Option<Vec<i64>> {
    let lists = dataset.dimensions.iter().map(|dimension| plan.codes(*dimension));
    let lists: Vec<&[String]> = lists.collect::<Option<_>>()?;
    let lengths = lists.iter().map(|list| list.len());
    let count = lengths.chain([plan.frequencies.len()]).try_fold(1, usize::checked_mul)?;
    if count == 0 || count > MOST {
        return None;
    }
    let mut all: Vec<Vec<&str>> = vec![Vec::new()];
    for list in lists {
        let with =
            |so_far: Vec<_>| list.iter().map(move |code| [so_far.as_slice(), &[code.as_str()]].concat());
        all = all.into_iter().flat_map(with).collect();
    }
    let id =
        |frequency, codes: &[&str]| series_id(&series_key(&dataset.name, frequency, codes.iter().copied()));
    let of = |frequency: &_| all.iter().map(|codes| id(*frequency, codes)).collect::<Vec<_>>();
    Some(plan.frequencies.iter().flat_map(of).collect())
}
