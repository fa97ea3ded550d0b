//! A mapping applied to a header: which column of a row is what.

use std::cell::Cell;
use std::collections::BTreeMap;

use csv::StringRecord;

use super::mapping::{Mapping, Rule, Texts};
use super::moment;
use super::target::{Fact, Target};
use crate::error::nearest;
use crate::timeseries::key::Dimension;
use crate::timeseries::period::Period;

/// The texts of a row by target; `None` where the file does not say it.
pub type Fields<'a> = [Option<&'a str>; Target::COUNT];

/// Which column of a row is what.
#[derive(Debug)]
pub struct Layout {
    header: Vec<String>,
    columns: Vec<(Target, usize)>,
    constants: Vec<(Target, String)>,
    rules: Vec<Compiled>,
    /// Whether codes have their names behind them.
    has_labels: bool,
    /// Columns that are periods.
    pub wide: Vec<(usize, Period)>,
}

#[derive(Debug)]
struct Compiled {
    conditions: Vec<Condition>,
    below: Vec<Condition>,
    /// Whether a row fulfilled `below`.
    is_below: Cell<bool>,
    rule: Rule,
}

/// A column, and the texts of which it must have one.
type Condition = (usize, Vec<String>);

/// What a header lacks, or has too much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The column at fault; empty where one is missing.
    pub column: String,
    /// What is wrong.
    pub reason: String,
    /// What was expected.
    pub expected: Vec<String>,
}

/// What becomes of a row.
pub enum Row<'a> {
    /// It is read.
    Fields(Box<Fields<'a>>),
    /// It is passed over.
    Skipped,
    /// It cannot be taken in.
    Refused(&'a str),
}

/// As headers are compared.
pub fn plain(text: &str) -> String {
    text.trim().to_lowercase()
}

impl Layout {
    /// Finds the columns of a mapping in a header. Columns that mean nothing are misfits unless they are to be left aside.
    pub fn new(mapping: &Mapping, header: &StringRecord) -> Result<Self, Vec<Misfit>> {
        let names: Vec<String> = header.iter().map(plain).collect();
        let mut misfits = Vec::new();
        let mut place = |column: &str| {
            let mut found = names.iter().enumerate().filter(|(_, name)| **name == plain(column));
            // A column of names may be called as that of their codes is, but for capitals.
            let mut same = header.iter().enumerate().filter(|(_, name)| name.trim() == column.trim());
            if let (Some((at, _)), None) = (same.next(), same.next()) {
                return Some(at);
            }
            match (found.next(), found.next()) {
                (Some((at, _)), None) => Some(at),
                (Some(_), Some(_)) => {
                    misfits.push(misfit(column, "the column stands twice in the header", header));
                    None
                }
                (None, _) => {
                    misfits.push(misfit("", &missing(column, &names), header));
                    None
                }
            }
        };
        let columns: Vec<(Target, usize)> =
            mapping.columns.iter().filter_map(|(target, column)| Some((*target, place(column)?))).collect();
        let mut conditions = |texts: &BTreeMap<String, Texts>| -> Vec<Condition> {
            let plain_texts = |texts: &Texts| texts.all().iter().map(|text| plain(text)).collect();
            texts.iter().filter_map(|(column, texts)| Some((place(column)?, plain_texts(texts)))).collect()
        };
        let compile = |rule: &Rule| Compiled {
            conditions: conditions(&rule.when),
            is_below: Cell::new(rule.below.is_empty()),
            below: conditions(&rule.below),
            rule: rule.clone(),
        };
        let rules: Vec<Compiled> = mapping.rows.iter().map(compile).collect();
        let wide = wide(mapping, header);
        let layout = Self {
            header: header.iter().map(|name| name.trim().to_owned()).collect(),
            columns,
            constants: mapping.constants.iter().map(|(target, text)| (*target, text.clone())).collect(),
            rules,
            has_labels: mapping.labels,
            wide,
        };
        misfits.extend(layout.left_over(mapping));
        misfits.extend(layout.incomplete(mapping));
        if misfits.is_empty() { Ok(layout) } else { Err(misfits) }
    }

    /// Columns that are nothing of what the mapping knows.
    fn left_over(&self, mapping: &Mapping) -> Vec<Misfit> {
        let ignored: Vec<String> = mapping.ignore.iter().map(|column| plain(column)).collect();
        let used = |at: usize| {
            let conditions = || self.rules.iter().flat_map(|rule| rule.conditions.iter().chain(&rule.below));
            self.columns.iter().any(|(_, place)| *place == at)
                || self.wide.iter().any(|(place, _)| *place == at)
                || conditions().any(|(place, _)| *place == at)
        };
        let left = self.header.iter().enumerate().filter(|(at, name)| {
            let is_ignored = ignored.iter().any(|one| one == "*" || *one == plain(name));
            !name.is_empty() && !is_ignored && !used(*at)
        });
        let reason = "the column fits no dimension and no fact: say what it is (--map), or that it is to be left aside (--ignore)";
        left.map(|(_, name)| Misfit {
            column: name.clone(),
            reason: reason.to_owned(),
            expected: Target::all().map(|target| target.name().to_owned()).collect(),
        })
        .collect()
    }

    /// What every file must say.
    fn incomplete(&self, mapping: &Mapping) -> Vec<Misfit> {
        let says = |target: Target| {
            let set = mapping.rows.iter().any(|rule| rule.set.contains_key(&target));
            set || mapping.columns.contains_key(&target) || mapping.constants.contains_key(&target)
        };
        let needed = |ok: bool, what: &str| {
            (!ok).then(|| Misfit {
                column: String::new(),
                reason: format!(
                    "nothing says what the {what} of a figure is: a column does (--map), or one text for all (--set)"
                ),
                expected: self.header.clone(),
            })
        };
        let fact = |fact| says(Target::Fact(fact));
        let wide = mapping.wide.is_some();
        [
            needed(says(Target::Dimension(Dimension::Geo)), "geo"),
            needed(wide || fact(Fact::Period) || fact(Fact::Year), "period"),
            needed(wide || fact(Fact::Value), "value"),
            needed(!wide || !self.wide.is_empty(), "period (no header is one)"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// How many fields each row has.
    pub fn width(&self) -> usize {
        self.header.len()
    }

    /// The header of a target's column; empty where it has none.
    pub fn column(&self, target: Target) -> &str {
        let found = self.columns.iter().find(|(one, _)| *one == target);
        found.map_or("", |(_, at)| self.header[*at].as_str())
    }

    /// The header of a column.
    pub fn header(&self, at: usize) -> &str {
        &self.header[at]
    }

    /// What holds for every row, as target and text.
    pub fn constants(&self) -> impl Iterator<Item = (Target, &str)> {
        let set =
            self.rules.iter().flat_map(|compiled| &compiled.rule.set).map(|(target, text)| (*target, text));
        let fixed = self.constants.iter().map(|(target, text)| (*target, text));
        fixed.chain(set).map(|(target, text)| (target, text.as_str()))
    }

    /// The fields of a row.
    pub fn read<'a>(&'a self, row: &'a StringRecord) -> Row<'a> {
        let mut fields: Fields<'a> = [None; Target::COUNT];
        for (target, text) in &self.constants {
            fields[target.place()] = Some(text);
        }
        for (target, at) in &self.columns {
            let text = row.get(*at).map(str::trim);
            // A note is no code: what stands behind a colon there belongs to it.
            let is_code = self.has_labels && *target != Target::Fact(Fact::Note);
            fields[target.place()] = if is_code { text.map(unlabelled) } else { text };
        }
        let holds = |(at, texts): &Condition| {
            let text = row.get(*at).unwrap_or_default();
            texts.iter().any(|one| one == text) || texts.contains(&plain(text))
        };
        for Compiled { conditions, below, is_below, rule } in &self.rules {
            let applies = is_below.get() && conditions.iter().all(holds);
            is_below.set(is_below.get() || below.iter().all(holds));
            if !applies {
                continue;
            }
            if rule.skip {
                return Row::Skipped;
            }
            if let Some(reason) = &rule.refuse {
                return Row::Refused(reason);
            }
            for (target, text) in &rule.set {
                fields[target.place()] = Some(text);
            }
        }
        Row::Fields(Box::new(fields))
    }
}

/// The code of a text that has its name behind it, which may have colons of its own.
fn unlabelled(text: &str) -> &str {
    text.split_once(": ").map_or(text, |(code, _)| code)
}

/// The headers that are periods.
fn wide(mapping: &Mapping, header: &StringRecord) -> Vec<(usize, Period)> {
    let Some(wide) = &mapping.wide else { return Vec::new() };
    let period = |name: &str| {
        let name = name.trim();
        let stripped = wide.strip.iter().find_map(|prefix| name.strip_prefix(prefix.as_str()));
        moment::period(stripped.unwrap_or(name).trim(), None)
    };
    header.iter().enumerate().filter_map(|(at, name)| Some((at, period(name)?))).collect()
}

fn misfit(column: &str, reason: &str, header: &StringRecord) -> Misfit {
    let expected = header.iter().filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Misfit { column: column.to_owned(), reason: reason.to_owned(), expected }
}

fn missing(column: &str, names: &[String]) -> String {
    let near = nearest(&plain(column), names.iter().map(String::as_str));
    let near = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
    format!("the file has no column {column:?}{near}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(mapping: &str, header: &[&str]) -> Result<Layout, Vec<Misfit>> {
        Layout::new(&Mapping::parse(mapping).unwrap(), &StringRecord::from(header.to_vec()))
    }

    const LONG: &str = "[columns]\ngeo = 'Region'\nperiod = 'Year'\nvalue = 'N'\n[constants]\nstatus = 'A'\n\
                        [[rows]]\nwhen = { kind = 'Projection' }\nset = { status = 'F' }\n\
                        [[rows]]\nwhen = { region = ['', 'all'] }\nskip = true\n\
                        [[rows]]\nwhen = { kind = 'deleted' }\nrefuse = 'no'\n";

    #[test]
    fn columns_constants_and_rules_make_the_fields_of_a_row() {
        let layout = layout(LONG, &["region ", "KIND", "year", "n"]).unwrap();
        let read = |row: [&str; 4]| {
            let row = StringRecord::from(row.to_vec());
            match layout.read(&row) {
                Row::Fields(fields) => fields[Target::Fact(Fact::Status).place()].unwrap().to_owned(),
                Row::Skipped => "skipped".to_owned(),
                Row::Refused(reason) => reason.to_owned(),
            }
        };
        assert_eq!(read(["China", "fact", "2024", "1"]), "A");
        assert_eq!(read(["China", "projection", "2024", "1"]), "F");
        assert_eq!(read(["ALL", "", "2024", "1"]), "skipped");
        assert_eq!(read(["China", "deleted", "2024", "1"]), "no");
    }

    #[test]
    fn a_column_that_fits_nothing_is_told_and_so_is_one_that_is_missing() {
        let misfits = layout(LONG, &["region", "kind", "yaer", "n", "colour"]).unwrap_err();
        let told: Vec<(&str, bool)> =
            misfits.iter().map(|m| (m.column.as_str(), m.reason.contains("did you mean yaer"))).collect();
        assert_eq!(told, [("", true), ("yaer", false), ("colour", false)]);
        let ignoring = format!("ignore = ['*']\n{LONG}");
        assert!(layout(&ignoring, &["region", "kind", "year", "n", "colour"]).is_ok());
        assert_eq!(layout("", &["a"]).unwrap_err().len(), 4);
    }

    #[test]
    fn codes_may_have_their_names_behind_them_and_columns_of_names_beside_them() {
        let mapping = "labels = true\nignore = ['Measure']\n[columns]\nmeasure = 'MEASURE'\ngeo = 'REF_AREA: Area'\n\
                       period = 'P'\nvalue = 'N'\nnote = 'NOTE'\n";
        let layout = layout(mapping, &["MEASURE", "Measure", "REF_AREA: Area", "P", "N", "NOTE"]).unwrap();
        let row = StringRecord::from(vec!["sales", "Sales", "CN: China: mainland", "2024", "1", "a: b"]);
        let Row::Fields(fields) = layout.read(&row) else { panic!("it is read") };
        let read = [Target::Dimension(Dimension::Measure), Target::Dimension(Dimension::Geo)];
        assert_eq!(read.map(|target| fields[target.place()]), [Some("sales"), Some("CN")]);
        assert_eq!(fields[Target::Fact(Fact::Note).place()], Some("a: b"));
    }

    #[test]
    fn headers_may_be_periods() {
        let mapping = "ignore = ['*']\nwide = { strip = ['Q1-Q4 '] }\n[columns]\ngeo = 'COUNTRY'\n";
        let layout = layout(mapping, &["Country", "", "2005", "Q1-Q4 2019", "2020/2019", "2021-05"]).unwrap();
        let periods: Vec<String> = layout.wide.iter().map(|(at, period)| format!("{at} {period}")).collect();
        assert_eq!(periods, ["2 2005", "3 2019", "5 2021-05"]);
    }
}
