//! What happened to an organization, in order.

use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::ToSchema;

use super::model::{EventKind, MemberRole, PartnershipKind};
use crate::words::words;

/// The kinds of what happens to an organization.
pub const TIMELINE_KINDS: [&str; 11] = [
    "founded",
    "announced",
    "began",
    "ended",
    "stake_began",
    "stake_changed",
    "stake_ended",
    "joined",
    "left",
    "event",
    "dissolved",
];

words! {
    /// The kind of what happened to an organization.
    TimelineKind = TIMELINE_KINDS;
}

/// One thing that happened to an organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    /// When it happened, as printed: year, month or day; null, and at the end of the list, where that is not known.
    pub date: Option<String>,
    /// `founded`, `dissolved`: the organization itself. `announced`, `began`, `ended` (its last day, month or year): a partnership
    /// that it takes part in. `stake_began`, `stake_changed`, `stake_ended` (the first day without it): a share that it holds or
    /// that is held in it. `joined`, `left`: another role of its own. `event`: an event that names it.
    #[schema(value_type = TimelineKind)]
    pub kind: String,
    /// What it is about: the name of the organization or partnership, or what happened.
    pub title: String,
    /// The id of the partnership; null where it is about none.
    pub partnership: Option<String>,
    /// The kind of the partnership; null where it is about none.
    #[schema(value_type = Option<PartnershipKind>)]
    pub partnership_kind: Option<String>,
    /// The id of the event; null where it is none.
    pub event: Option<String>,
    /// The kind of the event; null where it is none.
    #[schema(value_type = Option<EventKind>)]
    pub event_kind: Option<String>,
    /// The id of the organization that holds the share or has the role; null where it is about neither.
    pub member: Option<String>,
    /// What that one is in the partnership.
    #[schema(value_type = Option<MemberRole>)]
    pub role: Option<String>,
    /// Its share from then on, in percent; null where not stated, where it ended, and where it is about none.
    #[schema(value_type = Option<f64>)]
    pub equity_percent: Option<Number>,
    /// Its share until then, in percent; null where not stated, where it began, and where it is about none.
    #[schema(value_type = Option<f64>)]
    pub equity_percent_before: Option<Number>,
    /// The document that states it; null where the organization was only added because figures name it.
    pub document: Option<String>,
    /// Names it among all entries of the organization.
    pub id: String,
}

/// What is read of a page: whether the organization is held, and what happened to it.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// Whether there is such an organization.
    pub held: bool,
    /// What happened, in order.
    pub entries: Vec<TimelineEntry>,
}

impl TimelineEntry {
    /// Where it stands in the order: by date as printed, then by kind and id.
    pub fn place(&self) -> Vec<String> {
        // Behind every date.
        let date = self.date.clone().unwrap_or_else(|| "~".to_owned());
        vec![date, self.id.clone()]
    }
}
