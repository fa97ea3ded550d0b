//! What a vehicle gets on a day in a region, and why: each instrument in force, each of its conditions, the amount, the total.
//!
//! Nothing here reads a database or a clock: a [`Book`] and a [`Question`] make [`Quote`]s.

mod answer;
mod asked;
mod bands;
mod book;
mod instrument;
mod range;
mod scheme;
mod stack;
mod tax;
mod told;
mod vehicle;

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};

pub use answer::Quote;
pub use asked::{Held, bounded};
pub use book::{Book, InstrumentRow};
pub use vehicle::{Vehicle, figure, single_powertrain};

use answer::QuotedInstrument;
use instrument::{Granted, InForce};
use range::Range;
use scheme::Bases;
use tax::Tax;

use crate::subsidies::number::number;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// The name of the vehicle, where there are several.
    pub name: Option<String>,
    /// The vehicle.
    pub vehicle: Vehicle,
    /// The region with all above it, nearest first.
    pub jurisdiction: Vec<String>,
    /// The scheme to quote, where an instrument has it among several.
    pub scheme: Option<String>,
    /// The last day whose knowledge counts; `None` is all that is held.
    pub as_of: Option<NaiveDate>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

/// What is known of whether something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Pass,
    Fail,
    Unknown,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}

impl Question {
    /// Whether a document of that date counts. Without `as_of` every one does, also one without a date.
    fn proves(&self, published: Option<NaiveDate>) -> bool {
        self.as_of.is_none_or(|as_of| published.is_some_and(|published| published <= as_of))
    }

    /// The days on which something may begin to be different, the first day with them.
    fn changes(&self, book: &Book) -> BTreeSet<NaiveDate> {
        let terms = book.instruments.iter().filter(|terms| self.jurisdiction.contains(&terms.jurisdiction));
        let spans = terms.flat_map(|terms| {
            let rules = terms.rules.iter().map(|rule| rule.span);
            let rates = terms.rates.iter().map(|rate| rate.span);
            std::iter::once(terms.span).chain(rules).chain(rates)
        });
        let days = spans.flat_map(|span| [span.from, span.until]).flatten();
        days.filter(|day| self.from < *day && *day <= self.to).chain([self.from]).collect()
    }

    fn on(&self, book: &Book, day: NaiveDate) -> Quote {
        let in_force: Vec<_> =
            book.instruments.iter().filter_map(|terms| InForce::on(terms, self, day)).collect();
        let rules: Vec<_> = in_force.iter().flat_map(|one| one.rules.clone()).collect();
        let tax = Tax::of(&rules, &self.vehicle);
        let order: Vec<String> = in_force.iter().map(|one| one.terms.id.clone()).collect();
        // What is a share of what others give comes after them.
        let (later, first): (Vec<_>, Vec<_>) = in_force.into_iter().partition(InForce::depends);
        let bases = Bases { tax: tax.as_ref(), given: &instrument::by_id(&[]), national: Range::ZERO };
        let mut granted: Vec<Granted<'_>> = first.into_iter().map(|one| one.granted(self, &bases)).collect();
        let bases = Bases {
            tax: tax.as_ref(),
            given: &instrument::by_id(&granted),
            national: stack::national(&granted),
        };
        let shares: Vec<_> = later.into_iter().map(|one| one.granted(self, &bases)).collect();
        granted.extend(shares);
        granted.sort_by_key(|one| order.iter().position(|id| *id == one.quoted.instrument));
        self.quote(day, granted, tax.as_ref())
    }

    fn quote(&self, day: NaiveDate, granted: Vec<Granted<'_>>, tax: Option<&Tax<'_>>) -> Quote {
        let total = stack::total(&granted, &self.vehicle, tax);
        let left_out: Vec<_> =
            granted.iter().filter(|one| one.is_left_out()).map(|one| one.quoted.instrument.clone()).collect();
        let unknown = granted.iter().flat_map(|one| one.quoted.unknown.clone());
        let unknown: BTreeSet<_> = unknown.chain(total.unknown.map(str::to_owned)).collect();
        let uses_tax = granted.iter().any(|one| one.waives_tax) && tax.is_some_and(Tax::unverified);
        let stacks = total.stacking.iter().any(|one| one.verification.as_deref() == Some("unverified"));
        Quote {
            vehicle: self.name.clone(),
            from: day,
            to: day,
            jurisdiction: self.jurisdiction.first().cloned().unwrap_or_default(),
            total_cny: total.sum.certain().map(number),
            min_cny: number(total.sum.min),
            max_cny: total.sum.max.map(number),
            grants: total.grants.into(),
            tax_relief: total.relief.into(),
            complete: left_out.is_empty(),
            left_out,
            unknown: unknown.into_iter().collect(),
            unverified: uses_tax || stacks || granted.iter().any(|one| one.quoted.unverified),
            purchase_tax: tax.map(|tax| tax.told(total.waived)),
            stacking: total.stacking,
            instruments: granted.into_iter().map(|one| one.quoted).collect(),
        }
    }
}

/// The quotes from the first day to the last: one for each stretch of days on which nothing changes for the vehicle. For several
/// days, instruments of which nothing is held for such a vehicle are not listed: they come and go without a change.
pub fn quotes(book: &Book, question: &Question) -> Vec<Quote> {
    let starts: Vec<NaiveDate> = question.changes(book).into_iter().collect();
    let ends = starts.iter().skip(1).map(|next| *next - Days::new(1)).chain([question.to]);
    let mut quotes: Vec<Quote> = Vec::new();
    for (start, end) in starts.iter().zip(ends) {
        let mut quote = Quote { to: end, ..question.on(book, *start) };
        if question.from < question.to {
            quote.instruments.retain(QuotedInstrument::concerns);
        }
        match quotes.last_mut() {
            Some(last) if (Quote { from: last.from, to: last.to, ..quote.clone() }) == *last => last.to = end,
            _ => quotes.push(quote),
        }
    }
    quotes
}
