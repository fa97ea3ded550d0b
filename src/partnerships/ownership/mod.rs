//! Who owns whom on a date: chains of stakes, effective shares along each and in total, and control apart from them.
//!
//! Nothing here reads the database: [`Known`] is what one statement found, [`answer`] computes what follows from it.

mod answer;
mod chains;
mod control;
mod graph;
mod model;
mod percent;
mod reach;
#[cfg(test)]
mod tests;
mod warnings;

pub use answer::{Asked, answer};
pub use model::{Direction, Ownership};
pub use warnings::Notice;

use rust_decimal::Decimal;
use serde::Deserialize;

/// The most organizations that one answer is computed of.
pub const MOST_ORGANIZATIONS: usize = 2_000;

/// What is known of the stakes around an organization on a date.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Known {
    /// How many organizations were reached; one more than [`MOST_ORGANIZATIONS`] where there are more.
    pub reached: usize,
    /// Every stake in what was reached, by held, holder, partnership and position.
    pub stakes: Vec<Stake>,
    /// The organizations that were reached or are named by a stake.
    pub organizations: Vec<Party>,
}

/// A share that a document states, for what it counts on the date.
#[derive(Debug, Clone, Deserialize)]
pub struct Stake {
    /// The partnership that it belongs to.
    pub partnership: String,
    /// The name of the partnership.
    pub name: String,
    /// The kind of the partnership.
    pub kind: String,
    /// The organization that holds it.
    pub holder: String,
    /// The organization that it is held in; `None` where that is the venture itself, which no organization stands for.
    pub held: Option<String>,
    /// What the holder is in the partnership.
    pub role: String,
    /// In percent; `None` where not stated.
    pub equity_percent: Option<Decimal>,
    /// Since when, as printed.
    pub valid_from: Option<String>,
    /// Until when, as printed; exclusive.
    pub valid_to: Option<String>,
    /// The document that states it.
    pub document: String,
    /// Whether its partnership is known to have begun, and not to have ended on a day that is not known.
    pub placed: bool,
    /// Whether it is known to have begun by the date: it names a start, or its document is not younger.
    pub begun: bool,
}

/// An organization as far as an answer tells of it.
#[derive(Debug, Clone, Deserialize)]
pub struct Party {
    /// Its id.
    pub id: String,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese.
    pub name_zh: Option<String>,
    /// Its kind.
    pub kind: String,
    /// The country that it comes from.
    pub country: Option<String>,
    /// The group that it is counted to, at no stated time.
    pub parent: Option<String>,
    /// The document that it was read from, its parent included.
    pub document: Option<String>,
    /// When it was founded, as printed.
    pub founded: Option<String>,
    /// When it was dissolved, as printed.
    pub dissolved: Option<String>,
    /// Whether it existed on the date; a founding or end that is not known counts as open.
    pub exists: bool,
}
