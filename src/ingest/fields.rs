//! The fields of a row as what they mean: names, codes, dates, ranges of dates, numbers, lists.

use std::collections::HashSet;

use chrono::Days;
use rust_decimal::Decimal;

use super::sheet::{Row, Sheet};
use crate::error::nearest;
use crate::timeseries::key::illegal_code;
use crate::timeseries::period::PartialDate;
pub use crate::timeseries::span::Span;

/// The ids of one kind that the files define.
#[derive(Debug, Default)]
pub struct Known {
    what: String,
    ids: HashSet<String>,
}

impl Known {
    /// No ids yet, of things called `what`.
    pub fn new(what: &str) -> Self {
        Self { what: what.to_owned(), ids: HashSet::new() }
    }

    /// The ids that stand in a column of a file. Doubles, illegal ones and those that the interface
    /// uses as words (`reserved`) are faults.
    pub fn collect(what: &str, sheet: &Sheet<'_>, column: &str, reserved: &[&str]) -> Self {
        let mut known = Self::new(what);
        for row in sheet.rows() {
            let id = row.text(column);
            if let Some(reason) = illegal_code(id) {
                row.fault(column, reason);
            } else if reserved.contains(&id) {
                row.fault(column, format!("the interface uses this word; no {what} can have it"));
            } else if !known.ids.insert(id.to_owned()) {
                row.fault(column, format!("this {what} stands in an earlier row too"));
            }
        }
        known
    }

    /// Whether there is one.
    pub fn has(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// Why `id` cannot be used, with those that look like it.
    pub fn unknown(&self, id: &str) -> String {
        let alike = nearest(id, self.ids.iter().map(String::as_str));
        let hint =
            if alike.is_empty() { String::new() } else { format!("; did you mean {}?", alike.join(", ")) };
        format!("there is no {} {id:?}{hint}", self.what)
    }
}

impl Extend<String> for Known {
    fn extend<T: IntoIterator<Item = String>>(&mut self, ids: T) {
        self.ids.extend(ids);
    }
}

/// Whether the printed end of a range is its last day, month or year, or the first that no longer belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A partial date counts to its last day.
    Inclusive,
    /// A partial date ends before its first day.
    Exclusive,
}

impl Row<'_> {
    /// A field that may be empty.
    pub fn optional(&self, column: &str) -> Option<String> {
        Some(self.text(column)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A field that may not be empty.
    pub fn required(&self, column: &str) -> String {
        if self.text(column).trim().is_empty() {
            self.fault(column, "cannot be empty");
        }
        self.text(column).to_owned()
    }

    /// A field that names something that must exist.
    pub fn known(&self, column: &str, known: &Known) -> String {
        let id = self.text(column);
        if !known.has(id) {
            self.fault(column, known.unknown(id));
        }
        id.to_owned()
    }

    /// A field that may be empty, else names something that must exist.
    pub fn known_optional(&self, column: &str, known: &Known) -> Option<String> {
        let given = !self.text(column).is_empty();
        given.then(|| self.known(column, known))
    }

    /// A field that lists names of things that must exist, `also` some that need not.
    pub fn known_list(&self, column: &str, separator: char, known: &Known, also: &[&str]) -> Vec<String> {
        let all = self.list(column, separator);
        for id in all.iter().filter(|id| !known.has(id) && !also.contains(&id.as_str())) {
            self.value_fault(column, id, known.unknown(id));
        }
        all
    }

    /// A field that lists several texts. Empty and repeated ones are faults.
    pub fn list(&self, column: &str, separator: char) -> Vec<String> {
        let text = self.text(column);
        if text.is_empty() {
            return Vec::new();
        }
        let all: Vec<String> = text.split(separator).map(|part| part.trim().to_owned()).collect();
        for (at, part) in all.iter().enumerate() {
            if part.is_empty() {
                self.fault(column, format!("the list has an empty part between its {separator:?}"));
            } else if all[..at].contains(part) {
                self.value_fault(column, part, "stands twice in the list");
            }
        }
        all
    }

    /// A field that holds one of a few words.
    pub fn choice(&self, column: &str, words: &[&str]) -> String {
        let word = self.text(column);
        if !words.contains(&word) {
            self.fault(column, format!("expected one of {}", words.join(", ")));
        }
        word.to_owned()
    }

    /// A number as printed.
    pub fn number(&self, column: &str) -> Option<String> {
        let text = self.optional(column)?;
        let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
        if !plain || text.parse::<Decimal>().is_err() {
            self.fault(column, "is not a number; expected digits with a decimal point at most");
            return None;
        }
        Some(text)
    }

    /// Two numbers of which the second is not below the first.
    pub fn bounds(&self, low: &str, high: &str) -> (Option<String>, Option<String>) {
        let (min, max) = (self.number(low), self.number(high));
        let value = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<Decimal>().ok());
        if value(&min).zip(value(&max)).is_some_and(|(min, max)| min > max) {
            self.fault(high, format!("is below {low}, {}", self.text(low)));
        }
        (min, max)
    }

    /// A whole number from 1 on.
    pub fn ordinal(&self, column: &str) -> i32 {
        let number = self.text(column).parse::<i32>().ok().filter(|n| *n > 0);
        if number.is_none() {
            self.fault(column, "is not a whole number from 1 on");
        }
        number.unwrap_or_default()
    }

    /// A date printed to the year, month or day.
    pub fn date(&self, column: &str) -> Option<PartialDate> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        text.parse().map_err(|reason: String| self.fault(column, reason)).ok()
    }

    /// The days between two dates, each of which may be open. A start counts from its first day.
    pub fn span(&self, from: &str, to: &str, end: End) -> Span {
        let (start, stop) = (self.date(from), self.date(to));
        if start.zip(stop).is_some_and(|(start, stop)| start.first > stop.last) {
            self.fault(to, format!("lies before {from}, {}", self.text(from)));
        }
        let until = stop.map(|stop| match end {
            End::Inclusive => stop.last + Days::new(1),
            End::Exclusive => stop.first,
        });
        Span { from: start.map(|start| start.first), until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{DataFault, Error};
    use crate::ingest::files::Files;
    use crate::ingest::sheet::Faults;

    fn faults(text: &str, read: impl Fn(&Row<'_>)) -> Vec<DataFault> {
        let faults = Faults::default();
        let files = Files::bundled().with("t.csv", text);
        Sheet::read(&files, "t.csv", &["a", "b"], &faults).rows().for_each(|row| read(&row));
        match faults.finish() {
            Err(Error::Data(all)) => all,
            _ => Vec::new(),
        }
    }

    #[test]
    fn columns_must_be_those_of_the_file() {
        let found = faults("a,a,c\n1,2\n", |row| drop(row.required("b")));
        let told: Vec<_> = found.iter().map(|f| (f.line, f.column.as_str())).collect();
        assert_eq!(told, [(1, "a"), (1, "c"), (1, "b"), (2, "")]);
    }

    #[test]
    fn a_fault_tells_the_line_of_its_row_even_behind_a_field_of_several_lines() {
        let found = faults("a,b\n\"x\ny\",1\nz,no\n", |row| {
            row.number("b");
        });
        assert_eq!((found.len(), found[0].line, found[0].value.as_str()), (1, 4, "no"));
    }

    #[test]
    fn a_partial_end_counts_to_its_last_day_or_ends_before_its_first() {
        let spans = |end: End, expected: &str| {
            let found =
                faults("a,b\n2019-05,2020\n", |row| assert_eq!(row.span("a", "b", end).text(), expected));
            assert!(found.is_empty());
        };
        spans(End::Inclusive, "[2019-05-01,2021-01-01)");
        spans(End::Exclusive, "[2019-05-01,2020-01-01)");
    }

    #[test]
    fn impossible_fields_are_faults() {
        type Read = fn(&Row<'_>);
        let cases: [(&str, Read); 8] = [
            ("2021,2020", |row| drop(row.span("a", "b", End::Inclusive).text())),
            ("2020-02-30,", |row| assert!(row.date("a").is_none())),
            ("3,2", |row| drop(row.bounds("a", "b"))),
            ("1e5,", |row| drop(row.number("a"))),
            ("0,", |row| assert_eq!(row.ordinal("a"), 0)),
            ("x||y,", |row| drop(row.list("a", '|'))),
            ("x;x,", |row| drop(row.list("a", ';'))),
            ("x,", |row| drop(row.choice("a", &["y"]))),
        ];
        for (text, read) in cases {
            assert_eq!(faults(&format!("a,b\n{text}\n"), read).len(), 1, "{text}");
        }
    }
}
