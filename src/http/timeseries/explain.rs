//! What an answer is made from, for whoever wants to know why it is as fast or as slow as it is.

use serde::Serialize;
use utoipa::ToSchema;

use crate::timeseries::dataset::{Dataset, Vocabulary};
use crate::timeseries::fetch::Reader;
use crate::timeseries::plan::{Plan, Ranks};
use crate::timeseries::ranking::{is_of_one_period, widened};
use crate::timeseries::rollup;

/// What an answer is made from.
#[derive(Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// The grain of the sums that it is made from: the dimensions that they keep apart, some at a level; `_T` where none. Null where
    /// it is made from the series as they are stated.
    #[schema(example = "geo:province,powertrain")]
    pub grain: Option<String>,
    /// Why it is made from these.
    pub why: String,
    /// The sums that the dataset keeps ready, the smallest first.
    pub considered: Vec<Considered>,
}

/// Sums of one grain that a dataset keeps ready.
#[derive(Debug, Serialize, ToSchema)]
pub struct Considered {
    /// The grain.
    #[schema(example = "geo:province,powertrain")]
    pub grain: String,
    /// How many series it has.
    pub series: i32,
    /// The dimensions that the query keeps further apart than it does; none where it is enough for the query.
    #[schema(example = json!(["geo"]))]
    pub lacks: Vec<String>,
}

impl Explanation {
    /// That of a query that is about to be read.
    pub(super) fn of(reader: &Reader<'_>) -> Self {
        let Reader { plan, dataset, vocabulary, .. } = *reader;
        let widened = (plan.ranks != Ranks::No).then(|| widened(plan));
        let plan = widened.as_ref().unwrap_or(plan);
        let used = reader.rollup(plan);
        let considered = considered(plan, (dataset, vocabulary));
        let why = match used {
            Some(_) if is_of_one_period(reader) => {
                "the fewest sums that keep apart what the query does; those of one period are kept together"
            }
            Some(_) => "the fewest sums that keep apart what the query does",
            None if !dataset.complete => {
                "the dataset does not list every part of each whole: nothing is summed beforehand"
            }
            None if considered.is_empty() => "the dataset keeps no sums ready",
            None if reader.is_past() => "sums are kept of what holds now, and an earlier state is asked for",
            None => "no grain keeps apart what the query does",
        };
        Self { grain: used.map(|rollup| rollup.grain.to_string()), why: why.to_owned(), considered }
    }
}

fn considered(plan: &Plan, (dataset, vocabulary): (&Dataset, &Vocabulary)) -> Vec<Considered> {
    let mut all: Vec<Considered> = dataset
        .rollups
        .iter()
        .map(|rollup| Considered {
            grain: rollup.grain.to_string(),
            series: rollup.series,
            lacks: rollup::lacks(&rollup.grain, plan, vocabulary)
                .map(|dimension| dimension.to_string())
                .collect(),
        })
        .collect();
    all.sort_by_key(|one| one.series);
    all
}
