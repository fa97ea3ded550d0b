//! How a text is compared with names: what counts as the same, as a part, and as a slip of the pen.

use serde::Serialize;
use strsim::osa_distance;
use utoipa::ToSchema;

/// The most words of a query that are compared letter by letter.
const MOST_WORDS: usize = 8;

/// How a query leads to what it found, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// It is the code or id.
    Id,
    /// It is a name, English or Chinese.
    Name,
    /// Each of its words names a code of the series.
    Codes,
    /// The code, id or a name begins with it.
    Prefix,
    /// Each of its words begins a word of the code, id or names, or stands in a Chinese name.
    Words,
    /// It stands within the code, id or a name.
    Contained,
    /// Its words stand in what is told of the record: who takes part, where, the summary.
    Related,
    /// Nothing has it as it stands; a name looks like it.
    Similar,
}

/// What was asked for, ready to be compared.
#[derive(Debug)]
pub struct Query {
    /// In lower case, words with single spaces between.
    pub plain: String,
    compact: String,
}

/// What a thing is called, ready to be compared.
#[derive(Debug, Default)]
pub struct Names {
    id: String,
    called: Vec<String>,
    also: String,
}

/// The text in lower case without apostrophes, every other sign a space, and no two spaces together.
pub fn plain(text: &str) -> String {
    let kept = text.chars().filter(|c| !['\'', '’', '‘'].contains(c)).flat_map(char::to_lowercase);
    let spaced: String = kept.map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name as it stands, and without what it says in brackets.
pub fn variants(name: &str) -> Vec<String> {
    let short = name.split(['(', '（']).next().unwrap_or_default();
    let (whole, short) = (plain(name), plain(short));
    if short.is_empty() || short == whole { vec![whole] } else { vec![whole, short] }
}

/// Whether the words of a text are not divided by spaces.
pub fn is_undivided(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'))
}

impl Query {
    /// The query of this text.
    pub fn new(text: &str) -> Self {
        let plain = plain(text);
        Self { compact: plain.replace(' ', ""), plain }
    }

    /// How its words lead to a thing as they stand.
    pub fn holds(&self, of: &Names) -> Option<Match> {
        if self.plain.is_empty() {
            return None;
        }
        let own = || [&of.id].into_iter().chain(&of.called);
        let compact = |text: &str| text.replace(' ', "");
        if compact(&of.id) == self.compact {
            return Some(Match::Id);
        }
        if of.called.iter().any(|name| compact(name) == self.compact) {
            return Some(Match::Name);
        }
        if own().any(|text| compact(text).starts_with(&self.compact)) {
            return Some(Match::Prefix);
        }
        let words = || self.plain.split(' ');
        if words().all(|word| own().any(|text| has_word(text, word))) {
            return Some(Match::Words);
        }
        // Two Latin letters stand within too many names to mean anything there.
        if self.plain.chars().count() > 2 && own().any(|text| text.contains(&self.plain)) {
            return Some(Match::Contained);
        }
        let told = |word: &str| has_word(&of.also, word) || own().any(|text| has_word(text, word));
        words().all(told).then_some(Match::Related)
    }

    /// How many letters are wrong, missing, too many or exchanged, where so few are that a thing may be meant.
    pub fn resembles(&self, of: &Names) -> Option<usize> {
        let own = || [&of.id].into_iter().chain(&of.called);
        let whole = own().filter_map(|text| slips(&self.compact, &text.replace(' ', ""))).min();
        if whole.is_some() || self.plain.split(' ').count() > MOST_WORDS {
            return whole;
        }
        let mut sum = 0;
        for word in self.plain.split(' ') {
            let words = own().flat_map(|text| text.split(' '));
            sum += words.filter_map(|other| slips(word, other)).min()?;
        }
        Some(sum)
    }
}

impl Names {
    /// The id and names of a thing, and what else is told of it.
    pub fn new<'a>(id: &str, names: impl IntoIterator<Item = &'a str>, also: Option<&str>) -> Self {
        Self {
            id: plain(id),
            called: names.into_iter().flat_map(variants).collect(),
            also: also.map(plain).unwrap_or_default(),
        }
    }
}

/// Whether a text has a word that begins with this one. Where words are not divided it may stand anywhere.
fn has_word(text: &str, word: &str) -> bool {
    text.split(' ').any(|other| other.starts_with(word)) || is_undivided(word) && text.contains(word)
}

/// How many letters differ, where no more do than a slip explains: none of up to three, one of up to seven, two of more. Each Chinese
/// character says more than a letter: one of three or more may differ.
fn slips(wanted: &str, found: &str) -> Option<usize> {
    let length = wanted.chars().count();
    let most = match length {
        0..=2 => 0,
        3 if !is_undivided(wanted) => 0,
        3..=7 => 1,
        _ if is_undivided(wanted) => 1,
        _ => 2,
    };
    if length.abs_diff(found.chars().count()) > most {
        return None;
    }
    Some(osa_distance(wanted, found)).filter(|distance| *distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> [Names; 4] {
        [
            Names::new("great-wall-motor", ["Great Wall Motor", "长城汽车"], None),
            Names::new("byd", ["BYD Company", "比亚迪"], None),
            Names::new("faw-volkswagen", ["FAW-Volkswagen", "一汽-大众"], Some("Changchun 长春")),
            Names::new("sales", ["Sales (wholesale)", "销量（批发）"], None),
        ]
    }

    fn found(query: &str) -> Vec<(usize, Match)> {
        let query = Query::new(query);
        let names = names();
        let all = names.iter().enumerate().filter_map(|(at, names)| Some((at, query.holds(names)?)));
        all.collect()
    }

    #[test]
    fn the_nearer_a_name_the_better_the_match() {
        assert_eq!(found("BYD"), [(1, Match::Id)]);
        assert_eq!(found("比亚迪"), [(1, Match::Name)]);
        assert_eq!(found("GreatWall Motor"), [(0, Match::Id)]);
        assert_eq!(found("great wall"), [(0, Match::Prefix)]);
        assert_eq!(found("motor wall"), [(0, Match::Words)]);
        assert_eq!(found("swagen"), [(2, Match::Contained)]);
        assert_eq!(found("faw changchun"), [(2, Match::Related)]);
        assert_eq!(found("销量"), [(3, Match::Name)]);
        assert_eq!(found(" ?! "), []);
    }

    #[test]
    fn two_chinese_characters_find_a_name_by_its_beginning_or_within() {
        assert_eq!(found("比亚"), [(1, Match::Prefix)]);
        assert_eq!(found("大众"), [(2, Match::Words)]);
        assert_eq!(found("长春"), [(2, Match::Related)]);
        assert_eq!(found("亚"), [(1, Match::Words)]);
    }

    #[test]
    fn a_slip_of_the_pen_still_resembles_the_name() {
        let resembled = |query: &str| {
            let (query, names) = (Query::new(query), names());
            names.iter().map(|names| query.resembles(names)).collect::<Vec<_>>()
        };
        assert_eq!(resembled("volkswagon"), [None, None, Some(1), None]);
        assert_eq!(resembled("graet wall"), [Some(1), None, None, None]);
        assert_eq!(resembled("比亚笛"), [None, Some(1), None, None]);
        assert_eq!(resembled("bid"), [None; 4]);
        assert_eq!(resembled("motr"), [Some(1), None, None, None]);
    }
}
