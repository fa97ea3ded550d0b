//! What an answer on ownership holds.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use crate::filter::{Known, Parameter};
use crate::params::Params;
use crate::partnerships::model::{MemberRole, OrganizationKind, OrganizationLink, PartnershipKind};

/// Who owns an organization on a day, or what it owns.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ownership {
    /// The organization that was asked for.
    pub organization: OrganizationLink,
    /// The day.
    pub on: NaiveDate,
    /// `up`: who owns it; `down`: what it owns.
    pub direction: Direction,
    /// Each organization that owns a part of it (`up`), or that it owns a part of (`down`), with the effective share in total: the
    /// largest first.
    pub totals: Vec<OwnershipTotal>,
    /// Each chain of holdings from the organization on that passes nobody twice, the shortest first.
    pub chains: Vec<OwnershipChain>,
    /// Who controls it, or what it controls: told apart from shares, since a chain of majorities controls more than it owns.
    pub control: Vec<OwnershipControl>,
    /// The stakes that the chains are made of, as documents state them.
    pub links: Vec<OwnershipLink>,
    /// The undated statements that control was also told by: those that no dated share contradicts.
    pub records: Vec<OwnershipStatement>,
    /// False where there are more chains than are listed; the totals are of all of them nevertheless.
    pub complete: bool,
}

/// Which way ownership is followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the owned to its owners.
    #[default]
    Up,
    /// From the owner to what it owns.
    Down,
}

impl Parameter for Direction {
    fn read(params: &mut Params, name: &'static str, _: &Known) -> Option<Self> {
        params.choice(name, &[("up", Self::Up), ("down", Self::Down)])
    }
}

/// What stands at the end of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OwnershipNode {
    /// An organization.
    Organization,
    /// A venture that no organization stands for: a partnership with owners, and no company named that they run.
    Partnership,
}

/// An effective share in total.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OwnershipTotal {
    /// What `id` is the id of.
    pub node: OwnershipNode,
    /// The id of the organization, or of the partnership.
    pub id: String,
    /// Its name in English; null where the organization is not held any more.
    pub name_en: Option<String>,
    /// Its name in Chinese; null where not known.
    pub name_zh: Option<String>,
    /// The kind of the organization; null for a partnership.
    #[schema(value_type = Option<OrganizationKind>)]
    pub kind: Option<String>,
    /// The country that it comes from (ISO 3166-1, two letters); null where not known.
    pub country: Option<String>,
    /// The effective share over all chains, circles included, in percent; null where only its bounds are known.
    #[schema(value_type = Option<f64>)]
    pub effective_percent: Option<Number>,
    /// The least that the effective share may be, in percent.
    #[schema(value_type = f64)]
    pub effective_percent_min: Number,
    /// The most that it may be, in percent.
    #[schema(value_type = f64)]
    pub effective_percent_max: Number,
    /// How many links the shortest chain to it has.
    pub distance: usize,
    /// Whether chains end with it: on that day nobody is known to hold shares in it (`up`), or it in nobody (`down`).
    pub ultimate: bool,
    /// The group that it is counted to, at no stated time and with no stated share; null where there is none.
    pub parent_of_record: Option<String>,
}

/// A chain of holdings.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnershipChain {
    /// The ids that it leads through, from the organization that was asked for on. `links` tells the stakes between each two.
    pub path: Vec<String>,
    /// The effective share along it, in percent: the product of its shares; null where only its bounds are known.
    #[schema(value_type = Option<f64>)]
    pub effective_percent: Option<Number>,
    /// The least that the effective share along it may be, in percent.
    #[schema(value_type = f64)]
    pub effective_percent_min: Number,
    /// The most that it may be, in percent.
    #[schema(value_type = f64)]
    pub effective_percent_max: Number,
    /// Whether it cannot be followed further: nobody is known to hold shares in its last one (`up`), or that one in nobody.
    pub ultimate: bool,
}

/// What somebody controls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct OwnershipControl {
    /// The id of who controls.
    pub controller: String,
    /// The id of what is controlled.
    pub controlled: String,
    /// What the control rests on.
    pub basis: Basis,
    /// The share that the controller and all that it controls hold together directly, in percent, as far as it is known.
    #[schema(value_type = f64)]
    #[serde(serialize_with = "as_number")]
    pub percent: rust_decimal::Decimal,
    /// Which of them hold it: the controller itself, or those that it controls.
    pub through: Vec<String>,
    /// Whether a parent of record stands anywhere in between: a statement without a date, that no dated share contradicts.
    pub of_record: bool,
    /// Whether nobody known controls the controller in turn; null where it is asked what that one owns, since its owners are not read.
    pub ultimate: Option<bool>,
}

/// What control rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OwnershipBasis)]
pub enum Basis {
    /// One holder under this control has more than half.
    Majority,
    /// Several holders under this control have more than half together.
    Combined,
    /// Holders under this control have one half, and another holder has the other: neither decides alone.
    Joint,
    /// No dated share says so, only the undated statement that it is counted to this group.
    ParentOfRecord,
}

/// A stake as a document states it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OwnershipLink {
    /// The id of the organization that holds it.
    pub holder: String,
    /// The id of the organization that it is held in, or of the partnership where no organization stands for the venture.
    pub held: String,
    /// The id of the partnership that it belongs to.
    pub partnership: String,
    /// The kind of the partnership.
    #[schema(value_type = PartnershipKind)]
    pub kind: String,
    /// What the holder is in it: `parent` or `investor`.
    #[schema(value_type = MemberRole)]
    pub role: String,
    /// The share as stated, in percent; null where not stated.
    #[schema(value_type = Option<f64>)]
    pub equity_percent: Option<Number>,
    /// The least that the holder's share may be, in percent: as stated, or 0.
    #[schema(value_type = f64)]
    pub percent_min: Number,
    /// The most that it may be, in percent: as stated, or what the known shares of the others leave.
    #[schema(value_type = f64)]
    pub percent_max: Number,
    /// Since when, as printed; null where not known.
    pub valid_from: Option<String>,
    /// The first day, month or year in which it no longer held, as printed; null where no end is known.
    pub valid_to: Option<String>,
    /// The document that states it.
    pub document: String,
}

/// That an organization is counted to a group, at no stated time and with no stated share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct OwnershipStatement {
    /// The id of the organization.
    pub organization: String,
    /// The id of the group.
    pub parent: String,
    /// The document that it was read from; null where none is known.
    pub document: Option<String>,
}

/// A chain as a row of a table.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChainRow {
    /// The organization that was asked for.
    pub organization: String,
    /// The day.
    pub on: NaiveDate,
    /// Which way ownership is followed.
    pub direction: Direction,
    /// The id at the end of the chain.
    pub end: String,
    /// What it is the id of.
    pub end_node: OwnershipNode,
    /// Its name in English.
    pub end_name: Option<String>,
    /// Whether the chain cannot be followed further.
    pub ultimate: bool,
    /// The ids that the chain leads through.
    pub path: Vec<String>,
    /// The share of each of its links in percent; two numbers with `..` between are bounds.
    pub shares: Vec<String>,
    /// The partnerships of each of its links.
    pub partnerships: Vec<String>,
    /// The documents of all its links.
    pub documents: Vec<String>,
    /// The least effective share along it, in percent.
    #[schema(value_type = f64)]
    pub effective_percent_min: Number,
    /// The most, in percent.
    #[schema(value_type = f64)]
    pub effective_percent_max: Number,
    /// The least effective share over all chains to the same end, in percent.
    #[schema(value_type = f64)]
    pub total_percent_min: Number,
    /// The most, in percent.
    #[schema(value_type = f64)]
    pub total_percent_max: Number,
}

fn as_number<S: serde::Serializer>(value: &rust_decimal::Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    super::percent::number(*value).serialize(serializer)
}
