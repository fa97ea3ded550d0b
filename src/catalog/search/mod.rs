//! From a word to what it may mean: codes, sources, records and series.
//!
//! Everything has few and short names, so they are compared here and not in the database, whose own means for similar texts know no
//! Chinese under the collation that indexes ask for.

mod hits;
mod index;
mod records;
mod text;
mod words;

use std::sync::Arc;

use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;

pub use hits::{Hit, lead_to_figures};
pub use index::Index;
pub use text::Match;

use self::text::{Names, Query, is_undivided};
use self::words::Meaning;
use super::Vocabularies;
use crate::database::Versioned;
use crate::error::Result;
use crate::language::Language;
use crate::timeseries::dataset::Vocabulary;
use crate::timeseries::fetch::{Named, with_codes};
use crate::timeseries::key::Dimension;
use crate::timeseries::sql::Codes;

/// The most series that are found; the list of series has them all.
pub const MOST_SERIES: usize = 100;

/// How many series stand among hits of other kinds.
const SERIES_AMONG_OTHERS: usize = 5;

/// How many codes a query may mean for series of them to be looked for.
const MOST_CODES: usize = 20;

/// What can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A code of a dimension, measures among them.
    Code,
    /// Who first publishes figures.
    Source,
    /// A carmaker, group, investor, supplier or authority.
    Organization,
    /// A series of figures.
    Series,
    /// A subsidy, tax, quota or mandate.
    Instrument,
    /// A joint venture, stake, alliance or licence.
    Partnership,
    /// A dated event.
    Event,
}

impl Kind {
    /// Every kind with the word that `kind=` takes.
    pub const ALL: [(&'static str, Self); 7] = [
        ("code", Self::Code),
        ("source", Self::Source),
        ("organization", Self::Organization),
        ("series", Self::Series),
        ("instrument", Self::Instrument),
        ("partnership", Self::Partnership),
        ("event", Self::Event),
    ];

    /// The kind of this word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(other, _)| *other == word).map(|(_, kind)| *kind)
    }
}

/// How much of each kind was found, whatever kinds were asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counts {
    /// Codes.
    pub code: usize,
    /// Sources.
    pub source: usize,
    /// Organizations.
    pub organization: usize,
    /// Series; all there are, though at most 100 of them are answered.
    pub series: usize,
    /// Instruments.
    pub instrument: usize,
    /// Partnerships.
    pub partnership: usize,
    /// Events.
    pub event: usize,
}

/// Something with a name.
#[derive(Debug)]
struct Found {
    kind: Kind,
    /// Of a code.
    dimension: Option<Dimension>,
    id: String,
    name_en: String,
    name_zh: Option<String>,
    detail: String,
}

/// A search and its outcome.
#[derive(Debug)]
pub struct Outcome {
    /// The hits of the kinds asked for, best first.
    pub hits: Vec<Hit>,
    /// How much of each kind was found.
    pub counts: Counts,
    /// How many series of those found are not among the hits, where their kind was asked for.
    pub more_series: usize,
    /// What the text was understood by.
    pub vocabulary: Arc<Vocabulary>,
}

/// What is asked for.
#[derive(Debug)]
pub struct Search {
    /// The words.
    pub text: String,
    /// Only these kinds; none is all.
    pub kinds: Vec<Kind>,
    /// The language of `name`.
    pub language: Language,
}

/// Looks for a text among everything that has a name. [`crate::error::Error::Moved`] where the data moves on meanwhile.
pub async fn search(
    pool: &PgPool,
    vocabularies: &Vocabularies,
    asked: &Search,
) -> Result<Versioned<Outcome>> {
    let index = Index::current(pool, vocabularies).await?;
    let Index { version, changed_at, things, lexicon, .. } = index.as_ref();
    let query = Query::new(&asked.text);
    let mut found = held(&query, things);
    let mut meaning = lexicon.read(&query.plain).map(|meaning| (Match::Codes, meaning));
    if found.is_empty() && meaning.is_none() {
        found = resembling(&query, things);
    }
    meaning = meaning.or_else(|| of_codes(&found));
    let (how, series) = match &meaning {
        Some((how, meaning)) => {
            let wanted = (meaning.groups.as_slice(), meaning.frequencies.as_slice());
            (*how, with_codes((pool, vocabularies.sight().seen()), *version, wanted, MOST_SERIES).await?)
        }
        None => (Match::Codes, Vec::new()),
    };
    let data = outcome(asked, Arc::clone(&index.vocabulary), found, (how, series));
    Ok(Versioned { version: *version, changed_at: *changed_at, data })
}

/// Counts what was found, keeps the kinds that are asked for, and puts the series among them.
fn outcome(
    asked: &Search,
    vocabulary: Arc<Vocabulary>,
    mut found: Vec<(Match, usize, &Found)>,
    (how, mut series): (Match, Vec<Named>),
) -> Outcome {
    let mut counts = Counts::default();
    for (_, _, thing) in &found {
        counts.add(thing.kind, 1);
    }
    counts.series = series.first().map_or(0, |one| usize::try_from(one.matches).unwrap_or_default());
    let is_asked = |kind: Kind| asked.kinds.is_empty() || asked.kinds.contains(&kind);
    found.retain(|(_, _, thing)| is_asked(thing.kind));
    let mut more_series = 0;
    if is_asked(Kind::Series) {
        series.truncate(if asked.kinds == [Kind::Series] { MOST_SERIES } else { SERIES_AMONG_OTHERS });
        more_series = counts.series - series.len();
    } else {
        series.clear();
    }
    let hit = |(how, _, thing): &(Match, usize, &Found)| Hit::of(*how, thing, asked.language);
    let mut hits: Vec<Hit> = found.iter().map(hit).collect();
    let behind = found.iter().position(|(other, ..)| *other > how).unwrap_or(found.len());
    let series = series.iter().filter_map(|one| Hit::of_series(how, one, &vocabulary, asked.language));
    hits.splice(behind..behind, series);
    Outcome { hits, counts, more_series, vocabulary }
}

/// What holds the query as it stands, best first.
fn held<'a>(query: &Query, things: &'a [(Names, Found)]) -> Vec<(Match, usize, &'a Found)> {
    let found = things.iter().filter_map(|(names, thing)| Some((query.holds(names)?, 0, thing)));
    sorted(query, found.collect())
}

/// What looks like the query, best first.
fn resembling<'a>(query: &Query, things: &'a [(Names, Found)]) -> Vec<(Match, usize, &'a Found)> {
    let found =
        things.iter().filter_map(|(names, thing)| Some((Match::Similar, query.resembles(names)?, thing)));
    sorted(query, found.collect())
}

/// By match, then by how much is wrong. What is called by the whole query stands in the order of kinds, makers before brands;
/// else the shortest name comes first, since the query is most of it.
fn sorted<'a>(query: &Query, mut found: Vec<(Match, usize, &'a Found)>) -> Vec<(Match, usize, &'a Found)> {
    found.sort_by_cached_key(|(how, wrong, thing)| {
        let name = thing.name_zh.as_ref().filter(|_| is_undivided(&query.plain)).unwrap_or(&thing.name_en);
        let length = if *how <= Match::Name { 0 } else { name.chars().count() };
        (*how, *wrong, length, thing.kind, thing.dimension, thing.id.clone())
    });
    found
}

/// What the query says where it is a part of, or looks like, the names of a few codes.
fn of_codes(found: &[(Match, usize, &Found)]) -> Option<(Match, Meaning)> {
    let (best, wrong, _) = *found.iter().find(|(_, _, thing)| thing.dimension.is_some())?;
    let mut codes = Codes::new();
    let alike = found.iter().filter(|(how, much, _)| (*how, *much) == (best, wrong));
    for (_, _, thing) in alike.take(MOST_CODES) {
        if let Some(dimension) = thing.dimension {
            codes.entry(dimension).or_default().push(thing.id.clone());
        }
    }
    Some((best, Meaning::of(codes)))
}

impl Counts {
    fn add(&mut self, kind: Kind, more: usize) {
        let count = match kind {
            Kind::Code => &mut self.code,
            Kind::Source => &mut self.source,
            Kind::Organization => &mut self.organization,
            Kind::Series => &mut self.series,
            Kind::Instrument => &mut self.instrument,
            Kind::Partnership => &mut self.partnership,
            Kind::Event => &mut self.event,
        };
        *count += more;
    }
}
