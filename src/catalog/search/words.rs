//! Which codes the words of a query name: "BYD sales monthly" is a maker or brand, a measure and a frequency.

use std::collections::BTreeMap;

use super::text::{is_undivided, plain, variants};
use crate::timeseries::key::{Dimension, TOTAL};
use crate::timeseries::period::Frequency;
use crate::timeseries::sql::Codes;

/// Words that name a frequency.
const FREQUENCIES: [(&str, Frequency); 10] = [
    ("annual", Frequency::A),
    ("yearly", Frequency::A),
    ("by year", Frequency::A),
    ("年度", Frequency::A),
    ("quarterly", Frequency::Q),
    ("by quarter", Frequency::Q),
    ("季度", Frequency::Q),
    ("monthly", Frequency::M),
    ("by month", Frequency::M),
    ("月度", Frequency::M),
];

/// Words that say nothing of what is meant.
const FILLERS: [&str; 13] =
    ["of", "in", "by", "the", "and", "for", "with", "series", "cars", "vehicles", "的", "汽车", "年"];

/// What Chinese names of regions and makers may end with and are known without.
const ENDINGS: [&str; 4] = ["省", "市", "汽车", "集团"];

/// What a query says of series.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Meaning {
    /// Codes; a series has one of each group.
    pub groups: Vec<Codes>,
    /// Frequencies; none is any.
    pub frequencies: Vec<Frequency>,
}

/// What a piece of a query may name.
#[derive(Debug, Clone)]
enum Named {
    Code(Dimension, String),
    Frequency(Frequency),
    Nothing,
}

/// Names that a query may hold, with what they name.
#[derive(Debug)]
pub struct Lexicon(BTreeMap<String, Vec<Named>>);

impl Default for Lexicon {
    fn default() -> Self {
        let mut names: BTreeMap<String, Vec<Named>> = BTreeMap::new();
        for (word, frequency) in FREQUENCIES {
            names.entry(word.to_owned()).or_default().push(Named::Frequency(frequency));
        }
        for word in FILLERS {
            names.entry(word.to_owned()).or_default().push(Named::Nothing);
        }
        Self(names)
    }
}

impl Lexicon {
    /// Adds a code with its names. A total is nothing that a word names.
    pub fn add<'a>(&mut self, dimension: Dimension, code: &str, names: impl IntoIterator<Item = &'a str>) {
        if code == TOTAL {
            return;
        }
        let mut all: Vec<String> = names.into_iter().flat_map(variants).chain([plain(code)]).collect();
        let short: Vec<String> = all.iter().filter_map(|name| shortened(name)).collect();
        all.extend(short);
        all.sort();
        all.dedup();
        // One letter or character names nothing by itself.
        for name in all.into_iter().filter(|name| name.chars().count() > 1) {
            self.0.entry(name).or_default().push(Named::Code(dimension, code.to_owned()));
        }
    }

    /// What a plain text says, where each of its words names something: the longest names first, none of them overlapping.
    pub fn read(&self, text: &str) -> Option<Meaning> {
        let mut names: Vec<(&String, &Vec<Named>)> =
            self.0.iter().filter(|(name, _)| text.contains(name.as_str())).collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.chars().count()));
        let mut rest = text.to_owned();
        let mut meaning = Meaning::default();
        for (name, named) in names {
            while let Some(at) = place(&rest, name) {
                // What is named once is not named again by a part of it; the bar keeps what stands around it apart.
                rest.replace_range(at..at + name.len(), "|");
                meaning.add(named);
            }
        }
        // The years that are meant are no property of a series.
        let is_year = |word: &str| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit());
        let understood = rest.split([' ', '|']).all(|word| word.is_empty() || is_year(word));
        (understood && !meaning.groups.is_empty()).then_some(meaning)
    }
}

/// A Chinese name without the kind of thing that it ends with, as it is said: 广东 for 广东省.
fn shortened(name: &str) -> Option<String> {
    let short = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending))?;
    (short.chars().count() > 1).then(|| short.to_owned())
}

/// Where a name stands in a text, not within a word where words are divided.
fn place(text: &str, name: &str) -> Option<usize> {
    let free = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
    let mut found = text.match_indices(name).map(|(at, _)| at);
    found.find(|at| {
        let around = (text[..*at].chars().next_back(), text[at + name.len()..].chars().next());
        is_undivided(name) || free(around.0) && free(around.1)
    })
}

impl Meaning {
    /// Series of one of these codes.
    pub fn of(codes: Codes) -> Self {
        Self { groups: vec![codes], frequencies: Vec::new() }
    }

    fn add(&mut self, named: &[Named]) {
        let mut group = Codes::new();
        for one in named {
            match one {
                Named::Code(dimension, code) => group.entry(*dimension).or_default().push(code.clone()),
                Named::Frequency(frequency) => self.frequencies.push(*frequency),
                Named::Nothing => {}
            }
        }
        if group.is_empty() {
            return;
        }
        // Two names of the same dimensions are alternatives: no series has two makers.
        let alike = |other: &&mut Codes| other.keys().eq(group.keys());
        if let Some(other) = self.groups.iter_mut().find(alike) {
            for (dimension, codes) in group {
                other.entry(dimension).or_default().extend(codes);
            }
        } else {
            self.groups.push(group);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon() -> Lexicon {
        let mut lexicon = Lexicon::default();
        lexicon.add(Dimension::Maker, "byd", ["BYD Company", "比亚迪"]);
        lexicon.add(Dimension::Brand, "byd", ["BYD", "比亚迪"]);
        lexicon.add(Dimension::Maker, "tesla", ["Tesla", "特斯拉"]);
        lexicon.add(Dimension::Geo, "CN-GD", ["Guangdong", "广东省"]);
        lexicon.add(Dimension::Measure, "sales", ["Sales (wholesale)", "销量（批发）"]);
        lexicon.add(Dimension::Powertrain, "BEV", ["Battery electric", "纯电动"]);
        lexicon.add(Dimension::Powertrain, "_T", ["All", "全部"]);
        lexicon
    }

    fn read(text: &str) -> Option<String> {
        let meaning = lexicon().read(text)?;
        let group = |group: &Codes| {
            let codes = group.iter().map(|(dimension, codes)| format!("{dimension}={}", codes.join(",")));
            codes.collect::<Vec<_>>().join("|")
        };
        let mut groups: Vec<String> = meaning.groups.iter().map(group).collect();
        groups.sort();
        groups.extend(meaning.frequencies.iter().map(ToString::to_string));
        Some(groups.join(" "))
    }

    #[test]
    fn each_word_names_codes_or_a_frequency() {
        let expected = Some("maker=byd|brand=byd measure=sales M".to_owned());
        assert_eq!(read("monthly sales of byd"), expected);
        assert_eq!(read("比亚迪月度销量"), expected);
        assert_eq!(read("byd monthly sales 2023"), expected);
        assert_eq!(read("广东纯电动汽车"), Some("geo=CN-GD powertrain=BEV".to_owned()));
        assert_eq!(read("battery electric byd company"), Some("maker=byd powertrain=BEV".to_owned()));
    }

    #[test]
    fn a_word_that_names_nothing_leaves_the_query_without_a_meaning() {
        for text in ["byd profits", "abyd", "all", "monthly", "", "比亚迪利润"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn names_of_one_dimension_are_alternatives() {
        assert_eq!(read("byd company tesla"), Some("maker=byd,tesla".to_owned()));
    }
}
