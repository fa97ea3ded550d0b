//! The rules of attribution: which part of a maker's cars is counted to whom on a day. Pure; parts are exact, and what is not
//! known is a range.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use super::ownership::{HALF, Held, Ownership, Subject, is_venture};
use crate::partnerships::Stake;

/// How a maker's cars are counted to groups: `full` (wholly to one), `equity` (by share) or `control` (wholly to who has more than half).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AttributionRule)]
pub enum Rule {
    /// Wholly to one group: of a venture to that with the largest share; where shares are equal, to the parent that the list of makers
    /// declares, else to the one partner from China, else to nobody.
    Full,
    /// To each holder by its share.
    Equity,
    /// Wholly to the group with more than half of the shares; to nobody where no group has.
    Control,
}

impl Rule {
    /// Every rule with its word.
    pub const ALL: [(&'static str, Self); 3] =
        [("full", Self::Full), ("equity", Self::Equity), ("control", Self::Control)];
}

/// Why a part is counted as it is: `share` (a document states it for the day), `unknown_share` (of a holder whose share on the day is not
/// known), `other_holders` (what holders have that no document names stays with the company that they invested in), `unnamed` (what
/// such holders have, or may have, of a venture goes to nobody), `majority` (the group has more than half), `largest_share`,
/// `home_partner` (the largest shares are equal, and one of their holders alone is from China), `declared_parent` (by the lists of makers
/// and organizations), `own` (a group of its own), `joint_control` (no group has more than half), `equal_shares` (nothing tells holders of
/// equal shares apart), `undecided` (shares that are not known leave open whose it is).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AttributionBasis)]
pub enum Basis {
    /// By a share that a document states for the day.
    Share,
    /// A holder whose share on the day is not known.
    UnknownShare,
    /// What holders have that no document names: it stays with the company that they invested in.
    OtherHolders,
    /// What holders of a venture have, or may have, that no document names: it is counted to nobody.
    Unnamed,
    /// The group has more than half.
    Majority,
    /// The group has the largest share.
    LargestShare,
    /// The largest shares are equal, and one of their holders alone is from China.
    HomePartner,
    /// The list of makers and organizations declares the parent.
    DeclaredParent,
    /// It is a group of its own.
    Own,
    /// No group has more than half: nobody controls it alone.
    JointControl,
    /// The largest shares are equal, and nothing tells one of their holders from the others.
    EqualShares,
    /// Shares that are not known leave open whose it is.
    Undecided,
}

/// A part of a maker's cars.
#[derive(Debug, Clone, PartialEq)]
pub struct Part<'a> {
    /// The group that it is counted to; `None`: nobody.
    pub group: Option<&'a str>,
    /// Who holds it; `None` where it is not of one holder.
    pub holder: Option<&'a str>,
    /// The least and the most that it may be, from 0 to 1; equal where it is known.
    pub bounds: (Decimal, Decimal),
    /// The share that is stated, in percent.
    pub percent: Option<Decimal>,
    /// Why it is counted so.
    pub basis: Basis,
    /// What states it.
    pub stake: Option<&'a Stake>,
}

/// The whole.
const ALL: (Decimal, Decimal) = (Decimal::ONE, Decimal::ONE);

/// The parts that a maker's cars are counted in on a day. What is known of them adds up to the whole, and what is not lies
/// within their ranges.
pub fn parts<'a>(rule: Rule, ownership: &'a Ownership, (maker, day): (&'a str, NaiveDate)) -> Vec<Part<'a>> {
    let (company, holders) = match ownership.subject(maker, day) {
        Subject::Held { company, holders } => (company, holders),
        Subject::Whole => return vec![whole(ownership.group(maker, day), maker)],
    };
    let held = Company::new(ownership, (company, day), holders);
    match (rule, held.is_venture) {
        (Rule::Equity, _) => held.equity(),
        (Rule::Full, true) => held.full(),
        (Rule::Control, true) => held.control(),
        // An investor with less than half makes a company no part of its own group.
        (_, false) => vec![held.majority().unwrap_or_else(|| whole(ownership.group(company, day), company))],
    }
}

fn whole<'a>(group: &'a str, company: &str) -> Part<'a> {
    let basis = if group == company { Basis::Own } else { Basis::DeclaredParent };
    Part { group: Some(group), holder: None, bounds: ALL, percent: None, basis, stake: None }
}

/// All of it to nobody.
const fn nobody<'a>(basis: Basis) -> Part<'a> {
    Part { group: None, holder: None, bounds: ALL, percent: None, basis, stake: None }
}

/// A company with its holders on a day.
struct Company<'a> {
    ownership: &'a Ownership,
    id: &'a str,
    day: NaiveDate,
    is_venture: bool,
    holders: Vec<Held<'a>>,
    /// A parent that is declared and of which no share is stated: it has an unknown one.
    parent: Option<&'a str>,
    /// What is left of the whole besides stated shares, in percent.
    rest: Decimal,
    /// Whether the stated shares are more than the whole: then none of them is known to hold.
    contradicts: bool,
}

/// What a group has of a company, in percent.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    least: Decimal,
    most: Decimal,
}

impl<'a> Company<'a> {
    fn new(ownership: &'a Ownership, (id, day): (&'a str, NaiveDate), holders: Vec<Held<'a>>) -> Self {
        let stated: Decimal = holders.iter().filter_map(|held| held.percent).sum();
        let contradicts = stated > Decimal::ONE_HUNDRED;
        let rest = if contradicts { Decimal::ONE_HUNDRED } else { Decimal::ONE_HUNDRED - stated };
        let among = |parent: &&str| holders.iter().any(|held| held.stake.holder == **parent);
        let parent = ownership.declared(id, day).filter(|parent| !among(parent) && rest > Decimal::ZERO);
        let is_venture = is_venture(&holders);
        Self { ownership, id, day, is_venture, holders, parent, rest, contradicts }
    }

    /// The least and the most that a holder has, in percent.
    fn share(&self, held: &Held<'_>) -> Weight {
        match held.percent {
            Some(percent) if self.contradicts => Weight { least: Decimal::ZERO, most: percent },
            Some(percent) => Weight { least: percent, most: percent },
            None => Weight { least: Decimal::ZERO, most: held.at_most.unwrap_or(self.rest).min(self.rest) },
        }
    }

    fn has_unknown(&self) -> bool {
        self.contradicts || self.parent.is_some() || self.holders.iter().any(|held| held.percent.is_none())
    }

    fn equity(&self) -> Vec<Part<'a>> {
        let each = self.holders.iter().map(|held| {
            let basis = if held.percent.is_some() { Basis::Share } else { Basis::UnknownShare };
            let weight = self.share(held);
            self.part(&held.stake.holder, (weight, basis), Some(held))
        });
        let unknown = Weight { least: Decimal::ZERO, most: self.rest };
        let parent = self.parent.map(|parent| self.part(parent, (unknown, Basis::UnknownShare), None));
        let least = if self.has_unknown() { Decimal::ZERO } else { self.rest };
        let rest = Weight { least, most: self.rest };
        let others = if self.is_venture {
            Part { group: None, holder: None, bounds: rest.of_one(), ..nobody(Basis::Unnamed) }
        } else {
            Part { group: Some(self.id), bounds: rest.of_one(), ..nobody(Basis::OtherHolders) }
        };
        each.chain(parent).chain([others]).filter(|part| part.bounds.1 > Decimal::ZERO).collect()
    }

    fn part(&self, holder: &'a str, (weight, basis): (Weight, Basis), held: Option<&Held<'a>>) -> Part<'a> {
        let group = Some(self.ownership.group(holder, self.day));
        let percent = held.and_then(|held| held.percent);
        let stake = held.map(|held| held.stake);
        Part { group, holder: Some(holder), bounds: weight.of_one(), percent, basis, stake }
    }

    /// What each group has, its holders together.
    fn groups(&self) -> BTreeMap<&'a str, Weight> {
        let mut groups: BTreeMap<&str, (Weight, bool)> = BTreeMap::new();
        for held in &self.holders {
            let (weight, unknown) =
                groups.entry(self.ownership.group(&held.stake.holder, self.day)).or_default();
            let share = self.share(held);
            weight.least += share.least;
            // Unknown holders of one group share the same rest.
            weight.most += if held.percent.is_some() { share.most } else { Decimal::ZERO };
            *unknown |= held.percent.is_none();
        }
        if let Some(parent) = self.parent {
            groups.entry(self.ownership.group(parent, self.day)).or_default().1 = true;
        }
        let most = |(weight, unknown): (Weight, bool)| {
            let most = weight.most + if unknown { self.rest } else { Decimal::ZERO };
            Weight { most: most.min(Decimal::ONE_HUNDRED), ..weight }
        };
        groups.into_iter().map(|(group, weight)| (group, most(weight))).collect()
    }

    /// The group of the declared parent, whether a share of it is stated or not.
    fn declared(&self) -> Option<&'a str> {
        Some(self.ownership.group(self.ownership.declared(self.id, self.day)?, self.day))
    }

    /// The group that certainly has more than half.
    fn majority(&self) -> Option<Part<'a>> {
        let (group, _) = self.groups().into_iter().find(|(_, weight)| weight.least > HALF)?;
        Some(self.counted(group, Basis::Majority))
    }

    fn full(&self) -> Vec<Part<'a>> {
        let groups = self.groups();
        let largest = groups.values().map(|weight| weight.least).max().unwrap_or_default();
        let candidates: Vec<&str> =
            groups.iter().filter(|(_, weight)| weight.most >= largest).map(|(group, _)| *group).collect();
        // What is left besides stated shares may be that of one who has more.
        let hidden = self.rest > Decimal::ZERO && self.rest >= largest;
        if let [one] = candidates.as_slice()
            && !hidden
        {
            return vec![self.counted(one, Basis::LargestShare)];
        }
        if let Some(parent) = self.declared().filter(|parent| candidates.contains(parent)) {
            return vec![self.counted(parent, Basis::DeclaredParent)];
        }
        if hidden || candidates.iter().any(|group| groups[group].least != groups[group].most) {
            return self.open(&candidates, hidden.then_some(Basis::Unnamed));
        }
        let home = candidates.iter().filter(|group| self.is_home(group)).collect::<Vec<_>>();
        match home.as_slice() {
            [one] => vec![self.counted(one, Basis::HomePartner)],
            _ => vec![nobody(Basis::EqualShares)],
        }
    }

    fn control(&self) -> Vec<Part<'a>> {
        if let Some(part) = self.majority() {
            return vec![part];
        }
        let groups = self.groups();
        let candidates: Vec<&str> =
            groups.iter().filter(|(_, weight)| weight.most > HALF).map(|(group, _)| *group).collect();
        // Somebody who is not named may have more than half.
        let hidden = self.rest > HALF;
        if candidates.is_empty() && !hidden {
            return vec![nobody(Basis::JointControl)];
        }
        match self.declared() {
            Some(parent) => vec![self.counted(parent, Basis::DeclaredParent)],
            None if candidates.is_empty() => vec![nobody(Basis::Unnamed)],
            None => self.open(&candidates, Some(Basis::JointControl)),
        }
    }

    /// Wholly to one of some groups, or to nobody where `none` says why: which of them is not known.
    fn open(&self, candidates: &[&'a str], none: Option<Basis>) -> Vec<Part<'a>> {
        let bounds = (Decimal::ZERO, Decimal::ONE);
        let each = candidates.iter().map(|group| Part { bounds, ..self.counted(group, Basis::Undecided) });
        each.chain(none.map(|basis| Part { bounds, ..nobody(basis) })).collect()
    }

    /// All of it to one group, with the holder where that is one alone.
    fn counted(&self, group: &'a str, basis: Basis) -> Part<'a> {
        let of = |held: &&Held<'a>| self.ownership.group(&held.stake.holder, self.day) == group;
        let mut ours = self.holders.iter().filter(of);
        let one = ours.next().filter(|_| ours.next().is_none());
        let (holder, stake) = (one.map(|held| held.stake.holder.as_str()), one.map(|held| held.stake));
        let percent = one.and_then(|held| held.percent);
        Part { group: Some(group), holder, bounds: ALL, percent, basis, stake }
    }

    fn is_home(&self, group: &str) -> bool {
        self.ownership.organization(group).is_some_and(|one| one.country.as_deref() == Some("CN"))
    }
}

impl Weight {
    /// As parts of one in the place of a hundred.
    fn of_one(self) -> (Decimal, Decimal) {
        let hundredth = Decimal::new(1, 2);
        (self.least * hundredth, self.most * hundredth)
    }
}
