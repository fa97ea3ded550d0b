//! Days from one to another.

use chrono::NaiveDate;
use serde::Deserialize;

/// Days from a first one to before another; open where `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct Span {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The first day after it.
    pub until: Option<NaiveDate>,
}

impl Span {
    /// Whether a day lies in it.
    pub fn holds(self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }

    /// Whether some day lies in both.
    pub fn overlaps(self, other: Self) -> bool {
        let before =
            |from: Option<NaiveDate>, until: Option<NaiveDate>| from.zip(until).is_none_or(|(f, u)| f < u);
        before(self.from, other.until) && before(other.from, self.until)
    }

    /// Whether all days of the other lie in it.
    pub fn covers(self, other: Self) -> bool {
        let begins = self.from.is_none_or(|from| other.from.is_some_and(|other| from <= other));
        begins && self.until.is_none_or(|until| other.until.is_some_and(|other| other <= until))
    }

    /// As PostgreSQL reads a `daterange`.
    pub fn text(self) -> String {
        if self.from.zip(self.until).is_some_and(|(from, until)| from >= until) {
            return "empty".to_owned();
        }
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        format!("[{},{})", day(self.from), day(self.until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &str, until: &str) -> Span {
        Span { from: from.parse().ok(), until: until.parse().ok() }
    }

    #[test]
    fn the_first_day_is_within_and_the_last_one_is_not() {
        let year = span("2020-01-01", "2021-01-01");
        let holds = |day: &str| year.holds(day.parse().unwrap());
        assert!(holds("2020-01-01") && holds("2020-12-31"));
        assert!(!holds("2019-12-31") && !holds("2021-01-01"));
        assert!(span("", "").holds("1900-01-01".parse().unwrap()));
    }

    #[test]
    fn spans_that_only_touch_share_no_day() {
        let (year, next) = (span("2020-01-01", "2021-01-01"), span("2021-01-01", ""));
        assert!(!year.overlaps(next) && !next.overlaps(year));
        assert!(year.overlaps(span("", "2020-01-02")) && next.overlaps(span("2030-01-01", "")));
    }

    #[test]
    fn what_is_open_is_covered_by_what_is_open_alone() {
        let year = span("2020-01-01", "2021-01-01");
        assert!(
            year.covers(year) && span("", "").covers(year) && year.covers(span("2020-03-01", "2020-04-01"))
        );
        assert!(!year.covers(span("2020-01-01", "")) && !year.covers(span("", "2021-01-01")));
        assert!(!year.covers(span("2019-12-31", "2020-04-01")));
    }
}
