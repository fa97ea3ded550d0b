//! Which source answers: the order of sources for one series, scope by scope.

use smol_str::SmolStr;

use super::dataset::{Dataset, Precedence, Vocabulary};
use super::key::{Dimension, PLUS, TOTAL};
use super::period::{Frequency, Period};

/// The codes of a series, as far as they decide which sources come first.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The dataset.
    pub dataset: &'a Dataset,
    /// The frequency.
    pub frequency: Frequency,
    /// The codes in the order of the dataset's dimensions.
    pub codes: &'a [SmolStr],
}

/// Sources that count alike: one may follow another from period to period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Its name in the precedence table; `None` for a source that the table does not list.
    pub name: Option<String>,
    /// The sources, best first.
    pub sources: Vec<Ranked>,
}

/// A source at its place in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked {
    /// The source.
    pub source: String,
    /// The last ordinal at which it stands here; `None` is open.
    pub until: Option<i32>,
    /// Whether its figures are weak: press, or a source that the precedence table does not list or marks.
    pub low_trust: bool,
}

impl Subject<'_> {
    /// The code of one dimension; the total where the dataset does not have it.
    pub fn code(&self, dimension: Dimension) -> &str {
        let at = self.dataset.place(dimension);
        at.map_or(TOTAL, |at| self.codes[at].as_str())
    }

    /// The level of the precedence table that the series is of.
    fn level(&self, vocabulary: &Vocabulary) -> &'static str {
        let places = vocabulary.codes.get(&Dimension::Geo);
        let is_province = |code: &str| {
            places.and_then(|list| list.get(code)).is_some_and(|geo| geo.kind.as_deref() == Some("province"))
        };
        if self.code(Dimension::Operator) != TOTAL {
            "operator"
        } else if [Dimension::Maker, Dimension::Brand, Dimension::Model]
            .iter()
            .any(|d| self.code(*d) != TOTAL)
        {
            "maker"
        } else if self.code(Dimension::Geo).split(PLUS).all(is_province) {
            "province"
        } else if self.code(Dimension::Powertrain).split(PLUS).all(|code| is_new_energy(vocabulary, code)) {
            "nev"
        } else if self.code(Dimension::Access) == "public" {
            "public"
        } else {
            "national"
        }
    }

    /// The scopes in which the series may be answered, best first. Sources that the table does not list follow in their
    /// general order, each a scope of its own.
    pub fn scopes<'s>(&self, vocabulary: &Vocabulary, present: impl Iterator<Item = &'s str>) -> Vec<Scope> {
        let rows = self.rows(self.level(vocabulary));
        let mut scopes: Vec<Scope> = Vec::new();
        for row in rows {
            let until = row.valid_to.map(|date| last_ordinal(self.frequency, date.last));
            let ranked = row.sources.iter().map(|source| Ranked {
                source: source.clone(),
                until,
                low_trust: row.low_trust || is_press(vocabulary, source),
            });
            match scopes.iter_mut().find(|scope| scope.name.as_ref() == Some(&row.scope)) {
                Some(scope) => scope.sources.extend(ranked),
                None => scopes.push(Scope { name: Some(row.scope.clone()), sources: ranked.collect() }),
            }
        }
        let listed = |source: &str| scopes.iter().any(|s| s.sources.iter().any(|r| r.source == source));
        let mut rest: Vec<&str> = present.filter(|source| !listed(source)).collect();
        rest.sort_by_key(|source| {
            (vocabulary.sources.get(*source).map_or(i32::MAX, |s| s.precedence), *source)
        });
        // Where the dataset ranks its sources, one that it does not name is a weak one.
        let is_ranked = !self.dataset.precedence.is_empty();
        scopes.extend(rest.into_iter().map(|source| {
            let low_trust = is_ranked || is_press(vocabulary, source);
            Scope { name: None, sources: vec![Ranked { source: source.to_owned(), until: None, low_trust }] }
        }));
        scopes
    }

    /// The rows of the table that hold for the series: those that name the measure or the level replace those that do not.
    fn rows(&self, level: &str) -> Vec<&Precedence> {
        let measure = self.code(Dimension::Measure);
        let rows = self.dataset.precedence.iter().filter(|row| {
            (row.measure == "*" || row.measure == measure)
                && (row.level == "*" || row.level == level)
                && (row.frequencies.is_empty() || row.frequencies.contains(&self.frequency))
        });
        let named = |row: &Precedence| (row.measure != "*", row.level != "*");
        let rows: Vec<&Precedence> = rows.collect();
        let Some(best) = rows.iter().map(|row| named(row)).max() else { return rows };
        let mut rows: Vec<&Precedence> = rows.into_iter().filter(|row| named(row) == best).collect();
        rows.sort_by_key(|row| row.rank);
        rows
    }
}

/// Chooses the scope that answers a series: the first with a figure at any time, whatever the window.
///
/// `first_of` tells the first period for which a source has a figure of the series.
pub fn choose(scopes: Vec<Scope>, first_of: impl Fn(&str) -> Option<i32>) -> Option<Scope> {
    scopes.into_iter().find(|scope| {
        let speaks = |ranked: &Ranked| {
            first_of(&ranked.source).is_some_and(|first| ranked.until.is_none_or(|until| first <= until))
        };
        scope.sources.iter().any(speaks)
    })
}

/// The last period of this frequency that ends by this day.
fn last_ordinal(frequency: Frequency, day: chrono::NaiveDate) -> i32 {
    use chrono::Datelike as _;
    let month = day.year() * 12 + i32::try_from(day.month0()).unwrap_or_default();
    Period::new(Frequency::M, month).map_or(i32::MAX, |month| month.last_within(frequency))
}

fn is_press(vocabulary: &Vocabulary, source: &str) -> bool {
    vocabulary.sources.get(source).is_some_and(|s| s.kind == "press")
}

fn is_new_energy(vocabulary: &Vocabulary, powertrain: &str) -> bool {
    let Some(list) = vocabulary.codes.get(&Dimension::Powertrain) else { return false };
    let mut at = Some(powertrain);
    // The list is a tree, so no path to its top is longer than the list.
    for _ in 0..=list.iter().count() {
        match at {
            Some("NEV") => return true,
            Some(code) => at = list.get(code).and_then(|c| c.parent.as_deref()),
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(measure: &str, level: &str, rank: i32, scope: &str, sources: &[&str]) -> Precedence {
        Precedence {
            measure: measure.to_owned(),
            frequencies: Vec::new(),
            level: level.to_owned(),
            rank,
            scope: scope.to_owned(),
            sources: sources.iter().map(|s| (*s).to_owned()).collect(),
            valid_to: None,
            low_trust: false,
            note: None,
        }
    }

    fn order(precedence: Vec<Precedence>, present: &[&str]) -> Vec<Vec<String>> {
        let dataset = Dataset {
            dimensions: vec![Dimension::Measure, Dimension::Source, Dimension::Geo],
            precedence,
            ..Dataset::default()
        };
        let codes = ["outlets", "x", "CN"].map(SmolStr::from);
        let subject = Subject { dataset: &dataset, frequency: Frequency::A, codes: &codes };
        let scopes = subject.scopes(&Vocabulary::default(), present.iter().copied());
        scopes.into_iter().map(|s| s.sources.into_iter().map(|r| r.source).collect()).collect()
    }

    #[test]
    fn rows_that_name_the_measure_replace_those_that_do_not() {
        let table = vec![row("*", "*", 1, "a", &["general"]), row("outlets", "*", 1, "b", &["own"])];
        assert_eq!(order(table, &["own", "general"]), [["own"], ["general"]]);
    }

    #[test]
    fn sources_of_one_scope_stand_together_and_unlisted_ones_last() {
        let table = vec![
            row("*", "*", 3, "one", &["c"]),
            row("*", "*", 1, "one", &["a"]),
            row("*", "*", 2, "two", &["b"]),
        ];
        assert_eq!(order(table, &["z", "a", "y"]), [vec!["a", "c"], vec!["b"], vec!["y"], vec!["z"]]);
    }

    #[test]
    fn a_scope_answers_only_with_a_figure_from_the_time_that_it_stands_for() {
        let scope = |source: &str, until| Scope {
            name: None,
            sources: vec![Ranked { source: source.to_owned(), until, low_trust: false }],
        };
        let scopes = vec![scope("nbs", Some(1999)), scope("caam", None)];
        let chosen = |first| choose(scopes.clone(), |s| (s == "nbs").then_some(first).or(Some(2010)));
        assert_eq!(chosen(2000).unwrap().sources[0].source, "caam");
        assert_eq!(chosen(1999).unwrap().sources[0].source, "nbs");
    }
}
