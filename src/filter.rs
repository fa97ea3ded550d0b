//! Filters of lists of records: each parameter is declared once, with its documentation, its type and an example.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Deref;

use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::error::{Fault, nearest};
use crate::params::Params;
use crate::timeseries::period::PartialDate;

/// Declares the filters of a list: a struct that documents the parameters and reads them.
macro_rules! filters {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* $param:ident: $kind:ident = $example:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Default, Clone, utoipa::IntoParams)]
        #[into_params(parameter_in = Query)]
        pub struct $name {
            $($(#[$doc])* #[param(value_type = $kind, inline, required = false, example = $example)] pub $param: Option<$kind>,)*
        }

        impl $name {
            /// Takes the filters; faults are kept in `params`.
            pub fn read(params: &mut $crate::params::Params, known: &$crate::filter::Known) -> Self {
                Self { $($param: <$kind as $crate::filter::Parameter>::read(params, stringify!($param), known),)* }
            }
        }
    };
}
pub(crate) use filters;

/// A type that a filter can have.
pub trait Parameter: Sized {
    /// Takes the parameter of this name. A fault is kept in `params` and counts as not given.
    fn read(params: &mut Params, name: &'static str, known: &Known) -> Option<Self>;
}

/// The words that each parameter may name, with the word above each where they form a tree.
#[derive(Debug, Default)]
pub struct Known(HashMap<String, BTreeMap<String, Option<String>>>);

/// Words of a closed vocabulary; `children:WORD` stands for those one level below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<String>);

/// Codes of a tree with all that is above and below them: what concerns the whole concerns its parts, and the other way round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kin(Vec<String>);

/// One code with all that is above it, nearest first: what is said of any of them is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage(Vec<String>);

/// A piece of text to find, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece(String);

/// Calendar years.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Years(Vec<i32>);

/// Numbers that things are known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers(Vec<i32>);

/// Which rows of an ordered list to read.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// The key of the row before the first; empty at the start.
    pub after: Vec<String>,
    /// How many rows at most.
    pub rows: i64,
}

impl Known {
    /// Adds words that form no tree.
    #[must_use]
    pub fn with(mut self, parameter: &str, words: &[&str]) -> Self {
        self.extend(words.iter().map(|word| (parameter.to_owned(), (*word).to_owned(), None)));
        self
    }

    /// The words that a parameter may name and that look like this one.
    pub fn nearest(&self, parameter: &str, word: &str) -> Vec<String> {
        nearest(word, self.words(parameter).map(|(word, _)| word))
    }

    /// A code with all above it; `None` where it is not known.
    pub fn lineage(&self, parameter: &str, code: &str) -> Option<Lineage> {
        self.0.get(parameter)?.get_key_value(code)?;
        let above = self.above(parameter, code).map(str::to_owned);
        Some(Lineage(std::iter::once(code.to_owned()).chain(above).collect()))
    }

    /// Whether a code lies below another.
    pub fn is_below(&self, parameter: &str, code: &str, other: &str) -> bool {
        self.above(parameter, code).any(|above| above == other)
    }

    /// The codes that do not stand for several others.
    pub fn single<'a>(&'a self, parameter: &'a str) -> impl Iterator<Item = &'a str> {
        self.words(parameter)
            .map(|(word, _)| word)
            .filter(move |word| self.children(parameter, word).nth(1).is_none())
    }

    fn words<'a>(&'a self, parameter: &str) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        let words = self.0.get(parameter).into_iter().flatten();
        words.map(|(word, parent)| (word.as_str(), parent.as_deref()))
    }

    fn parent(&self, parameter: &str, word: &str) -> Option<&str> {
        self.0.get(parameter)?.get(word)?.as_deref()
    }

    fn children<'a>(&'a self, parameter: &str, word: &'a str) -> impl Iterator<Item = &'a str> {
        self.words(parameter).filter(move |(_, parent)| *parent == Some(word)).map(|(word, _)| word)
    }

    /// The words above this one, nearest first.
    fn above<'a>(&'a self, parameter: &'a str, word: &str) -> impl Iterator<Item = &'a str> {
        let parent = |word: &str| self.parent(parameter, word);
        // A tree is never deeper than its number of words; a ring, which no import lets pass, ends there too.
        let most = self.0.get(parameter).map_or(0, BTreeMap::len);
        std::iter::successors(parent(word), move |word| parent(word)).take(most)
    }

    /// This word and all below it.
    fn below<'a>(&'a self, parameter: &str, word: &'a str) -> BTreeSet<&'a str> {
        let (mut found, mut open) = (BTreeSet::new(), vec![word]);
        while let Some(next) = open.pop() {
            if found.insert(next) {
                open.extend(self.children(parameter, next));
            }
        }
        found
    }

    /// The words asked for, each of them known; a fault for every other one.
    fn read(&self, params: &mut Params, name: &'static str) -> Option<Vec<String>> {
        let asked = params.list(name)?;
        let mut found = Vec::new();
        for entry in asked {
            let (word, below) =
                entry.strip_prefix("children:").map_or((entry.as_str(), false), |w| (w, true));
            if !self.0.get(name).is_some_and(|words| words.contains_key(word)) {
                params.reject_with(|| {
                    let fault = Fault::new(name, word, "is not known here");
                    fault.allowed(self.words(name).map(|(known, _)| known))
                });
            } else if !below {
                found.push(entry);
            } else if self.children(name, word).next().is_none() {
                params.reject(Fault::new(name, &entry, "has nothing one level below it"));
            } else {
                found.extend(self.children(name, word).map(str::to_owned));
            }
        }
        Some(found)
    }
}

impl Extend<(String, String, Option<String>)> for Known {
    fn extend<I: IntoIterator<Item = (String, String, Option<String>)>>(&mut self, words: I) {
        for (parameter, word, parent) in words {
            let known = self.0.entry(parameter).or_default().entry(word).or_default();
            *known = known.take().or(parent);
        }
    }
}

impl Words {
    /// A word that a path names; whether it is known shows in the answer.
    pub fn of_path(word: &str) -> Self {
        Self(vec![word.to_owned()])
    }
}

impl Parameter for Words {
    fn read(params: &mut Params, name: &'static str, known: &Known) -> Option<Self> {
        known.read(params, name).map(Self)
    }
}

impl Parameter for Kin {
    fn read(params: &mut Params, name: &'static str, known: &Known) -> Option<Self> {
        let mut kin = BTreeSet::new();
        for word in known.read(params, name)? {
            kin.extend(known.above(name, &word).map(str::to_owned));
            kin.extend(known.below(name, &word).into_iter().map(str::to_owned));
        }
        Some(Self(kin.into_iter().collect()))
    }
}

impl Parameter for Lineage {
    fn read(params: &mut Params, name: &'static str, known: &Known) -> Option<Self> {
        let text = params.text(name)?;
        let found = known.lineage(name, &text);
        if found.is_none() {
            params.reject_with(|| {
                let allowed = known.words(name).map(|(word, _)| word);
                let mut fault = Fault::new(name, &text, "is not a code that is known here").allowed(allowed);
                // What is finer than what is known lies in what its code begins with.
                let around = text.match_indices('-').rev().map(|(at, _)| &text[..at]);
                let around = around.into_iter().find(|code| known.lineage(name, code).is_some());
                if let Some(code) = around {
                    fault.did_you_mean.retain(|known| known != code);
                    fault.did_you_mean.insert(0, code.to_owned());
                }
                fault
            });
        }
        found
    }
}

impl Parameter for Piece {
    fn read(params: &mut Params, name: &'static str, _: &Known) -> Option<Self> {
        let text = params.text(name)?;
        Some(Self(text.trim().to_lowercase())).filter(|piece| !piece.0.is_empty())
    }
}

impl Parameter for Years {
    fn read(params: &mut Params, name: &'static str, _: &Known) -> Option<Self> {
        let asked = params.list(name)?;
        let mut years = Vec::new();
        for text in asked {
            match text.parse().ok().filter(|year| text.len() == 4 && (1900..=2199).contains(year)) {
                Some(year) => years.push(year),
                None => params.malform(Fault::new(name, &text, "is not a year from 1900 to 2199")),
            }
        }
        Some(Self(years))
    }
}

impl Parameter for Numbers {
    fn read(params: &mut Params, name: &'static str, _: &Known) -> Option<Self> {
        let asked = params.list(name)?;
        let mut numbers = Vec::new();
        for text in asked {
            match text.parse() {
                Ok(number) => numbers.push(number),
                Err(_) => params.malform(Fault::new(name, &text, "is not a whole number")),
            }
        }
        Some(Self(numbers))
    }
}

impl Parameter for PartialDate {
    fn read(params: &mut Params, name: &'static str, _: &Known) -> Option<Self> {
        let text = params.text(name)?;
        text.parse().map_err(|detail: String| params.malform(Fault::new(name, &text, detail))).ok()
    }
}

impl Parameter for bool {
    fn read(params: &mut Params, name: &'static str, _: &Known) -> Option<Self> {
        params.choice(name, &[("true", true), ("false", false)])
    }
}

/// Filters whose values are texts in the contract: lists with commas are open to what is added.
macro_rules! written {
    ($($kind:ident),*) => {
        $(impl PartialSchema for $kind {
            fn schema() -> RefOr<Schema> {
                String::schema()
            }
        }

        impl ToSchema for $kind {})*
    };
}

written!(Words, Kin, Lineage, Piece, Years, Numbers, PartialDate);

impl Deref for Words {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl Deref for Kin {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl Deref for Lineage {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl Deref for Piece {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Deref for Numbers {
    type Target = [i32];

    fn deref(&self) -> &[i32] {
        &self.0
    }
}

impl Deref for Years {
    type Target = [i32];

    fn deref(&self) -> &[i32] {
        &self.0
    }
}

impl Window {
    /// The first row alone.
    pub fn first() -> Self {
        Self { after: Vec::new(), rows: 1 }
    }

    /// The same rows of a list that was made whole.
    pub fn of<T>(&self, all: Vec<T>, key: impl Fn(&T) -> Vec<String>) -> Vec<T> {
        let passed = all.iter().position(|row| key(row) == self.after).map_or(0, |at| at + 1);
        all.into_iter().skip(passed).take(usize::try_from(self.rows).unwrap_or(usize::MAX)).collect()
    }

    /// A part of the key as text.
    pub fn text(&self, at: usize) -> Option<&str> {
        self.after.get(at).map(String::as_str)
    }

    /// A part of the key as a number; `None` where it is none, as in no cursor of ours.
    pub fn number(&self, at: usize) -> Option<i32> {
        self.text(at)?.parse().ok()
    }
}

/// Refuses an `end` that lies before its `start`.
pub fn check_order(params: &mut Params, start: Option<PartialDate>, end: Option<PartialDate>) {
    if let Some((start, end)) = start.zip(end).filter(|(start, end)| start.first > end.last) {
        let detail = format!("ends before start={start} begins");
        params.reject(Fault::new("end", &end.to_string(), detail));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn known() -> Known {
        let tree = [
            ("_T", None),
            ("ICE", Some("_T")),
            ("NEV", Some("_T")),
            ("BEV", Some("NEV")),
            ("PHEV", Some("NEV")),
        ];
        let mut known =
            Known::default().with("powertrain", &["BEV", "efficient"]).with("kind", &["tax", "quota"]);
        known
            .extend(tree.map(|(word, parent)| ("powertrain".into(), word.into(), parent.map(str::to_owned))));
        known
    }

    fn read<T: Parameter>(name: &'static str, query: &str) -> (Option<T>, Vec<Fault>) {
        let mut params = Params::parse(query);
        let value = T::read(&mut params, name, &known());
        match params.finish() {
            Err(Error::Rejected(faults) | Error::Malformed(faults)) => (value, faults),
            _ => (value, Vec::new()),
        }
    }

    #[test]
    fn what_concerns_a_code_is_said_of_it_of_what_is_above_and_of_what_is_below() {
        let kin = |word: &str| read::<Kin>("powertrain", &format!("powertrain={word}")).0.unwrap().0;
        assert_eq!(kin("BEV"), ["BEV", "NEV", "_T"]);
        assert_eq!(kin("NEV"), ["BEV", "NEV", "PHEV", "_T"]);
        assert_eq!(kin("_T"), ["BEV", "ICE", "NEV", "PHEV", "_T"]);
        assert_eq!(kin("BEV,NEV"), ["BEV", "NEV", "PHEV", "_T"]);
        assert_eq!(kin("BEV,ICE"), ["BEV", "ICE", "NEV", "_T"]);
        assert_eq!(kin("efficient"), ["efficient"]);
    }

    #[test]
    fn every_unknown_word_is_a_fault_that_names_the_nearest() {
        let (words, faults) = read::<Words>("kind", "kind=tax,quotas,xyz");
        assert_eq!(words.unwrap().0, ["tax"]);
        assert_eq!(faults.len(), 2);
        assert_eq!(faults[0].did_you_mean, ["quota"]);
        assert_eq!(faults[1].allowed, ["quota", "tax"]);
    }

    #[test]
    fn a_window_of_a_whole_list_begins_behind_its_key() {
        let key = |word: &&str| vec![(*word).to_owned()];
        let window =
            |after: &[&str]| Window { after: after.iter().map(|&a| a.to_owned()).collect(), rows: 2 };
        assert_eq!(window(&[]).of(vec!["a", "b", "c"], key), ["a", "b"]);
        assert_eq!(window(&["b"]).of(vec!["a", "b", "c"], key), ["c"]);
        assert_eq!(window(&["c"]).of(vec!["a", "b", "c"], key), Vec::<&str>::new());
    }

    #[test]
    fn children_stand_one_level_below() {
        let (words, _) = read::<Words>("powertrain", "powertrain=children:NEV,ICE");
        assert_eq!(words.unwrap().0, ["BEV", "PHEV", "ICE"]);
        assert_eq!(read::<Words>("powertrain", "powertrain=children:BEV").1.len(), 1);
        assert_eq!(read::<Words>("powertrain", "powertrain=children:XX").1.len(), 1);
    }

    #[test]
    fn a_lineage_goes_from_the_code_to_the_top() {
        let lineage = |word: &str| read::<Lineage>("powertrain", &format!("powertrain={word}"));
        assert_eq!(lineage("BEV").0.unwrap().0, ["BEV", "NEV", "_T"]);
        assert_eq!(lineage("BEW").1[0].did_you_mean, ["BEV"]);
        assert_eq!(lineage("ICE-2.0-TURBO").1[0].did_you_mean, ["ICE"]);
        assert_eq!(known().single("powertrain").collect::<Vec<_>>(), ["BEV", "ICE", "PHEV", "efficient"]);
    }

    #[test]
    fn years_dates_and_flags_are_checked() {
        assert_eq!(read::<Years>("year", "year=2019,2021").0.unwrap().0, [2019, 2021]);
        assert_eq!(read::<Years>("year", "year=19,twenty,02019").1.len(), 3);
        assert_eq!(read::<Numbers>("import", "import=7,12").0.unwrap().0, [7, 12]);
        assert_eq!(read::<Numbers>("import", "import=7,x,99999999999").1.len(), 2);
        assert_eq!(read::<PartialDate>("on", "on=2019-02-30").1.len(), 1);
        assert_eq!(read::<bool>("foreign", "foreign=yes").1.len(), 1);
        assert_eq!(read::<Piece>("q", "q=%20Volvo").0.unwrap().0, "volvo");
    }
}
