//! What the answers on organizations, partnerships and events hold.

use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::ToSchema;

use crate::words::{
    EVENT_KINDS, MEMBER_ROLES, ORGANIZATION_KINDS, PARTNERSHIP_KINDS, PARTNERSHIP_STATUSES, words,
};

/// A joint venture, stake, alliance, licence or the like.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Partnership {
    /// Its id.
    pub id: String,
    /// `joint_venture`, `equity_stake`, `technology_alliance`, `acquisition`, `licensing`, `brand_launch`, `supply`,
    /// `contract_manufacturing` or `wholly_owned_plant`.
    #[schema(value_type = PartnershipKind)]
    pub kind: String,
    /// Its name in English.
    pub name: String,
    /// When it was announced, as printed: year, month or day; null where not known.
    pub announced: Option<String>,
    /// When it began, as printed; null where not known.
    pub effective_from: Option<String>,
    /// The last day, month or year in force, as printed; null where no end is known.
    pub effective_to: Option<String>,
    /// `active`, `ended`, `announced` (not begun as far as known) or `unknown`, when it was compiled.
    #[schema(value_type = PartnershipStatus)]
    pub status: String,
    /// The region in China where it works, as a code of the dimension `geo`; null where it is elsewhere or not bound to one.
    pub geo: Option<String>,
    /// What it is about, in words.
    pub focus: Vec<String>,
    /// What it is, in a sentence; null where there is none.
    pub summary: Option<String>,
    /// Who takes part in it, over its whole life: one entry for each role and share that a document states.
    pub members: Vec<PartnershipMember>,
    /// The document that it was read from.
    pub document: String,
}

/// Who takes part in a partnership, with which share, from when to when.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PartnershipMember {
    /// The id of the organization.
    pub org: String,
    /// Its name in English; null where the organization is not held any more.
    pub name_en: Option<String>,
    /// Its name in Chinese; null where not known.
    pub name_zh: Option<String>,
    /// The country that it comes from (ISO 3166-1, two letters); null where not known.
    pub country: Option<String>,
    /// `parent`, `operator` (the company that they run together), `investor`, `target` (what is invested in), `partner`,
    /// `supplier`, `customer`, `licensor` or `licensee`.
    #[schema(value_type = MemberRole)]
    pub role: String,
    /// Its share of the equity, in percent; null where not stated.
    #[schema(value_type = Option<f64>)]
    pub equity_percent: Option<Number>,
    /// Since when it has had this role and share, as printed; null where not known.
    pub valid_from: Option<String>,
    /// The first day, month or year in which it no longer had them, as printed; null where no end is known.
    pub valid_to: Option<String>,
    /// Whether it had them on `valid_on`, or on any day of it: a start that is not known counts as that of the partnership, an
    /// end that is not known as open. Null where the request names no `valid_on`.
    pub in_force: Option<bool>,
    /// The document that states it.
    pub document: String,
}

/// A carmaker, group, investor, supplier or authority.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Organization {
    /// Its id; the id of a maker is its code in the dimension `maker`.
    pub id: String,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese; null where not known.
    pub name_zh: Option<String>,
    /// `oem`, `group`, `joint_venture`, `brand`, `investor`, `tech`, `battery_maker`, `supplier` or `government`.
    #[schema(value_type = OrganizationKind)]
    pub kind: String,
    /// The country that it comes from (ISO 3166-1, two letters); null where not known.
    pub country: Option<String>,
    /// The region in China of its headquarters, as a code of the dimension `geo`; null where it is elsewhere or not known.
    pub headquarters_geo: Option<String>,
    /// When it was founded, as printed: year, month or day; null where not known.
    pub founded: Option<String>,
    /// When it was dissolved, as printed; null where it exists or no end is known.
    pub dissolved: Option<String>,
    /// The id of the group that it is counted to; shares and their dates stand in its partnerships. Null where there is none.
    pub parent: Option<String>,
    /// What else there is to know; null where there is nothing.
    pub notes: Option<String>,
    /// The document that it was read from; null where it was only added because figures name it.
    pub document: Option<String>,
}

/// An organization with those counted to it and the partnerships that it takes part in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrganizationDetail {
    /// The organization itself.
    #[serde(flatten)]
    #[schema(inline)]
    pub organization: Organization,
    /// The organizations that name it as their parent, by id.
    pub children: Vec<OrganizationLink>,
    /// Each role and share that it has or had in a partnership, by partnership, then as published.
    pub partnerships: Vec<Membership>,
}

/// An organization by name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrganizationLink {
    /// Its id.
    pub id: String,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese; null where not known.
    pub name_zh: Option<String>,
    /// Its kind.
    #[schema(value_type = OrganizationKind)]
    pub kind: String,
}

/// What an organization is in a partnership.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Membership {
    /// The id of the partnership.
    pub partnership: String,
    /// The name of the partnership.
    pub name: String,
    /// The kind of the partnership.
    #[schema(value_type = PartnershipKind)]
    pub kind: String,
    /// The status of the partnership when it was compiled.
    #[schema(value_type = PartnershipStatus)]
    pub status: String,
    /// What the organization is in it.
    #[schema(value_type = MemberRole)]
    pub role: String,
    /// Its share of the equity, in percent; null where not stated.
    #[schema(value_type = Option<f64>)]
    pub equity_percent: Option<Number>,
    /// Since when it has had this role and share, as printed; null where not known.
    pub valid_from: Option<String>,
    /// The first day, month or year in which it no longer had them, as printed; null where no end is known.
    pub valid_to: Option<String>,
    /// The ids of the other members, of all times.
    pub with: Vec<String>,
    /// The document that states it.
    pub document: String,
}

/// A dated event.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// When it happened, as printed: year, month or day.
    pub date: String,
    /// `partnership`, `policy`, `plant`, `launch`, `market` or `deal`.
    #[schema(value_type = EventKind)]
    pub kind: String,
    /// What happened, in a few words.
    pub title: String,
    /// The ids of the organizations that it is about.
    pub orgs: Vec<String>,
    /// Where it happened, as a code of the dimension `geo`; null where not bound to a region.
    pub geo: Option<String>,
    /// What happened, in a sentence; null where there is none.
    pub summary: Option<String>,
    /// The document that it was read from.
    pub document: String,
}

words! {
    /// The kind of a partnership.
    PartnershipKind = PARTNERSHIP_KINDS;
}

words! {
    /// What is known of a partnership's life.
    PartnershipStatus = PARTNERSHIP_STATUSES;
}

words! {
    /// What a member of a partnership is in it.
    MemberRole = MEMBER_ROLES;
}

words! {
    /// The kind of an organization.
    OrganizationKind = ORGANIZATION_KINDS;
}

words! {
    /// The kind of an event.
    EventKind = EVENT_KINDS;
}
