//! What the lists of partnerships, organizations and events can be filtered by.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::error::Fault;
use crate::filter::{Known, Parameter, Piece, Words, filters};
use crate::params::Params;
use crate::partnerships::counts::{Asked, Layout};
use crate::partnerships::network::Depth;
use crate::partnerships::ownership::Direction;
use crate::timeseries::period::{Frequency, PartialDate};
use crate::timeseries::plan::{Transform, Window};
use crate::timeseries::request;
use crate::words::PARTNERSHIP_KINDS;

filters! {
    /// Which partnerships. Several values of one parameter, separated by commas, are alternatives; parameters together must all
    /// hold. `org`, `role`, `country`, `foreign=true` and `member_start` must hold for one and the same member, who with
    /// `valid_on` must be one on that day.
    pub struct PartnershipFilter {
        /// Ids of partnerships.
        id: Words = "geely-volvo-cars",
        /// Kinds: `joint_venture`, `equity_stake`, `technology_alliance`, `acquisition`, `licensing`, `brand_launch`, `supply`,
        /// `contract_manufacturing`, `wholly_owned_plant`.
        kind: Words = "joint_venture,equity_stake",
        /// What was known of its life when it was compiled: `active`, `ended`, `announced`, `unknown`.
        status: Words = "active",
        /// Regions where it works, by exact code; `children:CN` stands for all provinces.
        geo: Words = "CN-SH,CN-AH",
        /// What it is about, as the answers spell it.
        focus: Words = "EV",
        /// Organizations that take part in it.
        org: Words = "volvo-cars",
        /// What a member is in it: `parent`, `operator`, `investor`, `target`, `partner`, `supplier`, `customer`, `licensor`,
        /// `licensee`.
        role: Words = "investor,parent",
        /// Countries that a member comes from (two letters).
        country: Words = "DE",
        /// `true`: with a member from another country than China; `false`: without one.
        foreign: bool = true,
        /// With a member who has had its role and share since this day or later: finds new shares in old partnerships too. A date
        /// printed less precisely counts where it may be later.
        member_start: PartialDate = "2018",
        /// In force on this day, or on any day of this month or year. One that names no start counts from its announcement, one
        /// without either as open; one that was only announced, or ended on a day that is not known, is never in force. Members
        /// tell by `in_force` who was one then.
        valid_on: PartialDate = "2019-07-31",
        /// Announced on this day, or within this month or year; a date printed less precisely counts where it may lie within.
        announced: PartialDate = "2018",
        /// Began, or where that is not known was announced, on this day or later; a date printed less precisely counts where it may be
        /// later.
        start: PartialDate = "2018",
        /// Began, or where that is not known was announced, on this day or earlier, or by the end of this month or year.
        end: PartialDate = "2020",
        /// Documents that state it or one of its members.
        document: Words = "aw-baic-2021",
        /// A piece of its name or summary, or of a member's English or Chinese name, in upper or lower case.
        q: Piece = "吉利",
    }
}

filters! {
    /// Which organizations. Several values of one parameter, separated by commas, are alternatives; parameters together must all
    /// hold.
    pub struct OrganizationFilter {
        /// Ids of organizations.
        id: Words = "byd,geely-holding",
        /// Kinds: `oem`, `group`, `joint_venture`, `brand`, `investor`, `tech`, `battery_maker`, `supplier`, `government`.
        kind: Words = "oem,group",
        /// Countries that they come from (two letters).
        country: Words = "DE,JP",
        /// `true`: from another country than China; `false`: from China, or not known.
        foreign: bool = true,
        /// Regions of their headquarters, by exact code; `children:CN` stands for all provinces.
        headquarters_geo: Words = "CN-SH",
        /// The groups that they are counted to.
        parent: Words = "geely-holding",
        /// Partnerships that they take part in, at any time.
        partnership: Words = "geely-volvo-cars",
        /// In existence on this day, or on any day of this month or year. A founding or end that is not known counts as open.
        valid_on: PartialDate = "2000",
        /// Founded on this day, or within this month or year; a date printed less precisely counts where it may lie within.
        founded: PartialDate = "2014",
        /// Dissolved on this day, or within this month or year; a date printed less precisely counts where it may lie within.
        dissolved: PartialDate = "2021",
        /// The documents that state them.
        document: Words = "wiki-byd",
        /// A piece of the id, or of the English or Chinese name, in upper or lower case.
        q: Piece = "比亚",
    }
}

filters! {
    /// Which events. Several values of one parameter, separated by commas, are alternatives; parameters together must all hold.
    pub struct EventFilter {
        /// Ids of events.
        id: Words = "1985-cherokee",
        /// Kinds: `partnership`, `policy`, `plant`, `launch`, `market`, `deal`.
        kind: Words = "plant,launch",
        /// Organizations that they are about.
        org: Words = "tesla",
        /// Countries that one of the organizations comes from (two letters).
        country: Words = "US",
        /// `true`: about an organization from another country than China; `false`: about none.
        foreign: bool = true,
        /// Regions where they happened, by exact code; `children:CN` stands for all provinces.
        geo: Words = "CN-SH",
        /// Happened on this day or later; a date printed less precisely counts where it may be later.
        start: PartialDate = "2018",
        /// Happened on this day or earlier, or by the end of this month or year.
        end: PartialDate = "2019-06",
        /// The documents that state them.
        document: Words = "latimes-1985",
        /// A piece of the title or summary, in upper or lower case.
        q: Piece = "gigafactory",
        /// `date` (oldest first, as without it) or `-date` (latest first); events of one date by id.
        sort: Order = "-date",
    }
}

filters! {
    /// Whose ownership, and when.
    pub struct OwnershipFilter {
        /// The day. Of a month or year it is the last one, which `on` of the answer tells; today where it is not given.
        on: PartialDate = "2022-02-11",
        /// `up` (its owners, as without it) or `down` (what it owns).
        direction: Direction = "up",
    }
}

filters! {
    /// How far a network reaches, and when.
    pub struct NetworkFilter {
        /// The day. Of a month or year it is the last one, which `graph.on` of the answer tells; today where it is not given.
        on: PartialDate = "2024-12-31",
        /// How many partnerships away from the organization it reaches; 1 where it is not given.
        depth: Depth = 2,
        /// Kinds of partnerships that count: `joint_venture`, `equity_stake`, `technology_alliance`, `acquisition`, `licensing`,
        /// `brand_launch`, `supply`, `contract_manufacturing`, `wholly_owned_plant`; all where it is not given.
        kind: Words = "joint_venture,equity_stake",
    }
}

filters! {
    /// Which part of a life.
    pub struct TimelineFilter {
        /// Kinds: `founded`, `announced`, `began`, `ended`, `stake_began`, `stake_changed`, `stake_ended`, `joined`, `left`, `event`,
        /// `dissolved`.
        kind: Words = "stake_began,stake_changed",
        /// Happened on this day or later; a date printed less precisely counts where it may be later.
        start: PartialDate = "2018",
        /// Happened on this day or earlier, or by the end of this month or year.
        end: PartialDate = "2022",
    }
}

filters! {
    /// What is counted, and how.
    pub struct CountFilter {
        /// `active` (at the end of the year), `started`, `ended` (in the year); all three where it is not given.
        measure: Words = "active,started",
        /// What is told apart: `kind`, `country` (of the members, China left out where there are others); nothing where it is not
        /// given.
        group_by: Words = "kind,country",
        /// Kinds of partnerships: `joint_venture`, `equity_stake`, `technology_alliance`, `acquisition`, `licensing`, `brand_launch`,
        /// `supply`, `contract_manufacturing`, `wholly_owned_plant`.
        kind: Words = "joint_venture",
        /// Countries that a member comes from (two letters).
        country: Words = "DE,JP",
        /// Regions where they work, by exact code; `children:CN` stands for all provinces.
        geo: Words = "children:CN",
        /// What is computed: `diff`, `pct`, `yoy`, `yoy_diff`, `index:YEAR`, `ma:N`, `share` (percent of all that are counted for the
        /// measure and year); the counts themselves (`level`) where it is not given.
        transform: Transform = "diff",
        /// `rows` (as without it), `series` or `columns`.
        shape: Layout = "columns",
    }
}

impl CountFilter {
    /// What is asked for these years.
    pub fn asked(&self, window: Window) -> Asked {
        let groups =
            |by: &str| self.group_by.as_ref().is_some_and(|groups| groups.iter().any(|group| group == by));
        Asked {
            measures: self.measure.as_deref().map(<[String]>::to_vec).unwrap_or_default(),
            by_kind: groups("kind"),
            by_country: groups("country"),
            transform: self.transform.unwrap_or_default(),
            window,
        }
    }
}

/// Takes the years, and refuses what cannot be computed of counts by year.
pub fn window(params: &mut Params, transform: Option<Transform>) -> Window {
    let refused = match transform {
        Some(Transform::Rank) => Some("is not computed of counts"),
        Some(Transform::Ytd) => Some("needs periods below the year, and counts are by year"),
        Some(Transform::Index(base)) if base.frequency() != Frequency::A => Some("takes a year as its base"),
        _ => None,
    };
    if let Some((transform, detail)) = transform.zip(refused) {
        params.reject(Fault::new("transform", &transform.to_string(), detail));
    }
    request::window(params)
}

/// A text in the contract, since `index:` and `ma:` take what follows them.
impl PartialSchema for Transform {
    fn schema() -> RefOr<Schema> {
        String::schema()
    }
}

impl ToSchema for Transform {}

impl Parameter for Transform {
    fn read(params: &mut Params, name: &'static str, _: &Known) -> Option<Self> {
        params.value(name, request::transform)
    }
}

/// The kinds of partnerships that `kind` may name.
pub fn partnership_kinds() -> Known {
    Known::default().with("kind", &PARTNERSHIP_KINDS)
}

/// The day that a state is told of: the last of a month or year, which a state at one moment is usually meant at the end of.
pub fn day(on: Option<PartialDate>, today: NaiveDate) -> NaiveDate {
    on.map_or(today, |date| date.last)
}

/// The order of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum Order {
    /// By date, the oldest first.
    #[serde(rename = "date")]
    Oldest,
    /// By date, the latest first.
    #[serde(rename = "-date")]
    Latest,
}

impl Parameter for Order {
    fn read(params: &mut Params, name: &'static str, _: &Known) -> Option<Self> {
        params.choice(name, &[("date", Self::Oldest), ("-date", Self::Latest)])
    }
}
