//! Who holds a company on a day, as far as documents say: its stated shares, and the group that it is counted to.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::partnerships::{Holder, Holdings, Stake};
use crate::timeseries::span::Span;

/// Above so many percent a holder decides alone.
pub const HALF: Decimal = Decimal::from_parts(50, 0, 0, false, 0);

/// Holders and shares, of all days.
#[derive(Debug, Default)]
pub struct Ownership {
    organizations: BTreeMap<String, Holder>,
    /// The shares in each company, as published.
    stakes: BTreeMap<String, Vec<Stake>>,
}

/// A holder of a company on a day.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// What is stated of it.
    pub stake: &'a Stake,
    /// Its share on that day, in percent; `None` where none is stated for it, or it may not have begun.
    pub percent: Option<Decimal>,
    /// The most that it may be where it may not have begun, in percent.
    pub at_most: Option<Decimal>,
}

/// Whom the cars of a maker are counted to on a day.
#[derive(Debug)]
pub enum Subject<'a> {
    /// To the holders of a company: the maker's own, or those of the venture that it is a part of.
    Held {
        /// The company.
        company: &'a str,
        /// Its holders.
        holders: Vec<Held<'a>>,
    },
    /// To the group that it belongs to: nobody states a share in it.
    Whole,
}

impl Ownership {
    pub fn new(holdings: Holdings) -> Self {
        let mut ownership = Self::default();
        for organization in holdings.organizations {
            ownership.organizations.insert(organization.id.clone(), organization);
        }
        for stake in holdings.stakes {
            ownership.stakes.entry(stake.of.clone()).or_default().push(stake);
        }
        ownership
    }

    /// An organization that is held here.
    pub fn organization(&self, id: &str) -> Option<&Holder> {
        self.organizations.get(id)
    }

    /// The holders of a company on a day.
    ///
    /// A stated share holds for its own days, even past the end of its partnership: who takes over all shares ends the partnership and
    /// keeps them. One whose size is not stated ends with the partnership. Who had a share before and has one later, and of a
    /// partnership in force for which no share is stated for the day every holder, holds an unknown one. A share whose start no
    /// document tells may be nothing until its document was published.
    pub fn holders(&self, company: &str, day: NaiveDate) -> Vec<Held<'_>> {
        let stakes = self.stakes.get(company).map(Vec::as_slice).unwrap_or_default();
        let mut held = Vec::new();
        for partnership in stakes.chunk_by(|a, b| a.partnership == b.partnership) {
            let now = partnership.iter().filter(|stake| stake.holds(day));
            let before = held.len();
            held.extend(now.map(|stake| Held::on(stake, day)));
            let is_silent = held.len() == before && partnership[0].lives(day);
            let mut known: Vec<&str> = held[before..].iter().map(|held| held.stake.holder.as_str()).collect();
            for stake in partnership.iter().rev() {
                let of = || partnership.iter().filter(|other| other.holder == stake.holder && other.has_life);
                let is_between = of().any(|other| other.until.is_some_and(|until| until <= day))
                    && of().any(|other| other.from.is_some_and(|from| day < from));
                if !known.contains(&stake.holder.as_str()) && (is_silent || is_between) {
                    known.push(&stake.holder);
                    held.push(Held { stake, percent: None, at_most: None });
                }
            }
        }
        held
    }

    /// Whom the cars of a maker are counted to: its holders; where nobody states any, those of the venture that the maker list has
    /// above it, since a division is held as its company is.
    pub fn subject<'a>(&'a self, maker: &'a str, day: NaiveDate) -> Subject<'a> {
        let parent = |company: &&'a str| self.declared(company, day);
        let path = std::iter::successors(Some(maker), parent).take(self.organizations.len() + 1);
        for company in path {
            let holders = self.holders(company, day);
            if !holders.is_empty() && (company == maker || is_venture(&holders)) {
                return Subject::Held { company, holders };
            }
        }
        Subject::Whole
    }

    /// The parent that the list of makers and organizations declares, where that holds on the day: it is there by then, and no share
    /// of it is stated for other days only.
    pub fn declared(&self, company: &str, day: NaiveDate) -> Option<&str> {
        let parent = self.organizations.get(company)?.parent.as_deref()?;
        let exists = self.organizations.get(parent).is_none_or(|parent| parent.exists(day));
        let stakes = self.stakes.get(company).map(Vec::as_slice).unwrap_or_default();
        let is_stated = stakes.iter().any(|stake| stake.holder == parent && stake.has_life);
        let holds = || self.holders(company, day).iter().any(|held| held.stake.holder == parent);
        (exists && (!is_stated || holds())).then_some(parent)
    }

    /// The holder of more than half of a company on a day.
    pub fn majority(&self, company: &str, day: NaiveDate) -> Option<&str> {
        let mut sums: BTreeMap<&str, Decimal> = BTreeMap::new();
        for held in self.holders(company, day) {
            *sums.entry(&held.stake.holder).or_default() += held.percent.unwrap_or_default();
        }
        let total: Decimal = sums.values().sum();
        if total > Decimal::ONE_HUNDRED {
            return None;
        }
        sums.into_iter().find(|(_, percent)| *percent > HALF).map(|(holder, _)| holder)
    }

    /// The group that an organization is counted to on a day: upwards by holders of more than half, or else by declared parents.
    pub fn group<'a>(&'a self, organization: &'a str, day: NaiveDate) -> &'a str {
        let above = |id: &&'a str| self.majority(id, day).or_else(|| self.declared(id, day));
        // Whoever holds one another would lead around in a ring.
        let path = std::iter::successors(Some(organization), above).take(self.organizations.len() + 1);
        path.last().unwrap_or(organization)
    }
}

/// Whether these are the holders of a venture that they run together.
pub fn is_venture(holders: &[Held<'_>]) -> bool {
    holders.iter().any(|held| held.stake.is_venture)
}

impl<'a> Held<'a> {
    fn on(stake: &'a Stake, day: NaiveDate) -> Self {
        // Of an undated document a start that it does not tell is that of the partnership, where that has one.
        let published = stake.published.map_or(stake.from.is_some(), |published| published <= day);
        let begun = stake.valid_from.is_some() || published;
        if begun {
            return Self { stake, percent: stake.percent, at_most: None };
        }
        Self { stake, percent: None, at_most: stake.percent }
    }
}

impl Stake {
    fn holds(&self, day: NaiveDate) -> bool {
        let is_over = self.percent.is_none() && self.life_until.is_some_and(|until| until <= day);
        self.has_life && !is_over && Span { from: self.from, until: self.until }.holds(day)
    }

    fn lives(&self, day: NaiveDate) -> bool {
        self.has_life && Span { from: self.life_from, until: self.life_until }.holds(day)
    }
}

impl Holder {
    fn exists(&self, day: NaiveDate) -> bool {
        Span { from: self.from, until: self.until }.holds(day)
    }
}
