//! What the answer by ownership holds.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use super::coverage::Coverage;
use super::exact::Exact;
use super::share::{Basis, Part, Rule};
use crate::formats::{Codes, Status};
use crate::http::records::{Links, Warning};
use crate::http::timeseries::envelope::UsedSource;
use crate::timeseries::period::{Frequency, Period};

/// Figures of makers counted to the groups that hold them.
#[derive(Debug, Serialize, ToSchema)]
pub struct Attributed<'a> {
    /// What is counted to each group, by series, group and period.
    pub data: Vec<AttributedRow<'a>>,
    /// What the answer was made from.
    pub meta: AttributedMeta,
    /// By which rule and shares, and of how much of the market.
    pub attribution: Attribution,
    /// Where this answer is, relative to the service.
    pub links: Links,
    /// What a reader should know before using the answer.
    pub warnings: Vec<Warning>,
}

/// What is counted to one group for one period.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttributedRow<'a> {
    // Its parts stand in the order of the columns.
    #[serde(flatten)]
    #[schema(inline)]
    pub(super) group: Grouped,
    #[serde(flatten)]
    #[schema(inline)]
    pub(super) codes: Codes<'a>,
    #[serde(flatten)]
    #[schema(inline)]
    pub(super) figure: Counted<'a>,
}

/// The group that a row is of.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Grouped {
    /// The id of the group, as an organization: `/v1/organizations/{id}` takes it. `_O` is what is counted to nobody.
    #[schema(example = "saic-motor")]
    pub(super) group: String,
    /// Its name in the language asked for; null where the organization is not held any more.
    pub(super) name: Option<String>,
}

/// The figure of a row.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Counted<'a> {
    /// How often the makers' figures are stated.
    pub(super) frequency: Frequency,
    /// The period; the shares are those of its last day.
    #[schema(value_type = String, example = "2023-11")]
    pub(super) period: Option<Period>,
    /// The figure, exact, so that it may have digits behind the point; null where a share in it is not known.
    #[schema(value_type = Option<f64>, example = 197_677.635)]
    pub(super) value: Option<Exact>,
    /// The least that it may be: the figure itself where it is known.
    #[schema(value_type = f64)]
    pub(super) value_min: Exact,
    /// The most that it may be: the figure itself where it is known.
    #[schema(value_type = f64)]
    pub(super) value_max: Exact,
    /// The weakest status of the figures that it is made of.
    pub(super) status: Status,
    /// The makers whose cars it has, or may have.
    pub(super) makers: Vec<String>,
    /// The documents of their figures.
    #[schema(value_type = Vec<String>)]
    pub(super) documents: Vec<&'a str>,
    /// Whether one of them is of a weak source.
    pub(super) low_trust: bool,
}

/// What an answer by ownership was made from.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttributedMeta {
    /// The dataset.
    pub dataset: String,
    /// Its version; it rises with every release.
    pub version: i64,
    /// When it, or what is known of ownership, last changed.
    pub changed_at: DateTime<Utc>,
    /// The query with all defaults resolved.
    #[schema(value_type = Object)]
    pub applied: serde_json::Map<String, serde_json::Value>,
    /// The unit of each measure answered.
    pub units: BTreeMap<String, String>,
    /// The sources of the makers' figures, with what their use asks for.
    pub sources: Vec<UsedSource>,
    /// How many rows there are; an answer comes whole.
    pub rows: usize,
}

/// By which rule and shares figures are counted, and of how much of the market they are.
#[derive(Debug, Serialize, ToSchema)]
pub struct Attribution {
    /// The rule.
    pub rule: Rule,
    /// Which rows of makers above and below one another are counted.
    pub levels: &'static str,
    /// The shares that were used, by maker, then from the earliest period.
    pub shares: Vec<AttributedShare>,
    /// What the makers are of the market, for each source and period.
    pub coverage: Vec<Coverage>,
}

/// How a maker's cars were counted in some periods.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AttributedShare {
    /// The maker.
    pub maker: String,
    /// Who holds the share; null where it is not of one holder.
    pub holder: Option<String>,
    /// The group that it is counted to; null: nobody, the row `_O`.
    pub group: Option<String>,
    /// Why it is counted so.
    pub basis: Basis,
    /// The share of the holder as stated, in percent; null where none is stated.
    #[schema(value_type = Option<f64>)]
    pub percent: Option<Exact>,
    /// The least that is counted so, in percent of the maker's figure.
    #[schema(value_type = f64)]
    pub percent_min: Exact,
    /// The most that is counted so, in percent of the maker's figure.
    #[schema(value_type = f64)]
    pub percent_max: Exact,
    /// The first period that it was used for.
    #[schema(value_type = String)]
    pub first: Option<Period>,
    /// The last period that it was used for; between them it was the same in every period of the answer.
    #[schema(value_type = String)]
    pub last: Option<Period>,
    /// The partnership that the share belongs to; null where there is none.
    pub partnership: Option<String>,
    /// Since when the holder has had it, as printed; null where not known. Of a share that is not known this and what follows are of the last
    /// one that is stated.
    pub valid_from: Option<String>,
    /// The first day, month or year in which it no longer had it, as printed; null where no end is known.
    pub valid_to: Option<String>,
    /// The document that states it; null where it follows from the lists of makers and organizations.
    pub document: Option<String>,
}

impl AttributedShare {
    /// A part as it is told of one period.
    pub(super) fn new(maker: &str, part: &Part<'_>, period: Option<Period>) -> Self {
        let percent = |part: Decimal| Exact(part * Decimal::ONE_HUNDRED);
        Self {
            maker: maker.to_owned(),
            holder: part.holder.map(str::to_owned),
            group: part.group.map(str::to_owned),
            basis: part.basis,
            percent: part.percent.map(Exact),
            percent_min: percent(part.bounds.0),
            percent_max: percent(part.bounds.1),
            first: period,
            last: period,
            partnership: part.stake.map(|stake| stake.partnership.clone()),
            valid_from: part.stake.and_then(|stake| stake.valid_from.clone()),
            valid_to: part.stake.and_then(|stake| stake.valid_to.clone()),
            document: part.stake.map(|stake| stake.document.clone()),
        }
    }

    /// Whether another one is the same at a later period.
    pub(super) fn goes_on(&self, later: &Self) -> bool {
        let (first, last) = (self.first, self.last);
        Self { first, last, ..later.clone() } == *self
    }
}
