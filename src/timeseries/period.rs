//! Periods and frequencies: `2024`, `2024-Q3`, `2024-05`. Inside, a period is an integer that counts up by one.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How often a series states a figure.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
pub enum Frequency {
    /// Annual.
    #[default]
    A,
    /// Quarterly.
    Q,
    /// Monthly.
    M,
}

impl Frequency {
    /// Every frequency, coarsest first.
    pub const ALL: [Self; 3] = [Self::A, Self::Q, Self::M];

    /// Its one-letter code, as in a series key.
    pub const fn code(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Q => "Q",
            Self::M => "M",
        }
    }

    /// How many of its periods make a year.
    pub const fn per_year(self) -> i32 {
        match self {
            Self::A => 1,
            Self::Q => 4,
            Self::M => 12,
        }
    }

    /// The chunk of a stored series that holds a period: 5 years of months, 20 of quarters, all years.
    pub const fn chunk(self, ordinal: i32) -> i32 {
        match self {
            Self::A => 0,
            Self::Q => ordinal.div_euclid(80),
            Self::M => ordinal.div_euclid(60),
        }
    }
}

/// Something of each frequency, or of some of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByFrequency<T>([Option<T>; Frequency::ALL.len()]);

impl<T> Default for ByFrequency<T> {
    fn default() -> Self {
        Self([const { None }; _])
    }
}

impl<T> ByFrequency<T> {
    /// What there is of a frequency.
    pub const fn get(&self, frequency: Frequency) -> Option<&T> {
        self.0[frequency as usize].as_ref()
    }

    /// Puts something in the place of a frequency.
    pub fn insert(&mut self, frequency: Frequency, of: T) {
        self.0[frequency as usize] = Some(of);
    }

    /// What there is of a frequency, else the default, which is there from now on.
    pub fn entry(&mut self, frequency: Frequency) -> &mut T
    where
        T: Default,
    {
        self.0[frequency as usize].get_or_insert_default()
    }

    /// All that there is, the coarsest first.
    pub fn iter(&self) -> impl Iterator<Item = (Frequency, &T)> {
        Frequency::ALL.into_iter().filter_map(|frequency| Some((frequency, self.get(frequency)?)))
    }

    /// The frequencies of which there is something, the coarsest first.
    pub fn keys(&self) -> impl Iterator<Item = Frequency> {
        self.iter().map(|(frequency, _)| frequency)
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Frequency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|f| f.code() == text);
        found.ok_or_else(|| format!("{text:?} is not a frequency; expected A, Q or M"))
    }
}

/// One year, quarter or month, between the years 1900 and 2199.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    frequency: Frequency,
    ordinal: i32,
}

const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

impl Period {
    /// The period with this stored integer; `None` outside the years 1900 to 2199.
    pub fn new(frequency: Frequency, ordinal: i32) -> Option<Self> {
        YEARS.contains(&ordinal.div_euclid(frequency.per_year())).then_some(Self { frequency, ordinal })
    }

    /// Its frequency.
    pub const fn frequency(self) -> Frequency {
        self.frequency
    }

    /// The stored integer: year, year x 4 + quarter - 1, or year x 12 + month - 1.
    pub const fn ordinal(self) -> i32 {
        self.ordinal
    }

    /// The calendar year that it lies in.
    pub const fn year(self) -> i32 {
        self.ordinal.div_euclid(self.frequency.per_year())
    }

    /// Its text.
    fn text(self, into: &mut [u8; 8]) -> &str {
        std::str::from_utf8(self.ascii(into)).unwrap_or_default()
    }

    /// Its text in ASCII, of digits, `-` and `Q`; written by hand, since answers have very many periods.
    pub fn ascii(self, into: &mut [u8; 8]) -> &[u8] {
        let digit = |number: i32| b'0' + u8::try_from(number.rem_euclid(10)).unwrap_or_default();
        let (year, part) = (self.year(), self.ordinal.rem_euclid(self.frequency.per_year()) + 1);
        let year = [digit(year / 1000), digit(year / 100), digit(year / 10), digit(year)];
        into[..4].copy_from_slice(&year);
        let length = match self.frequency {
            Frequency::A => 4,
            Frequency::Q => {
                into[4..7].copy_from_slice(&[b'-', b'Q', digit(part)]);
                7
            }
            Frequency::M => {
                into[4..7].copy_from_slice(&[b'-', digit(part / 10), digit(part)]);
                7
            }
        };
        &into[..length]
    }

    /// Its first day.
    pub fn first_day(self) -> NaiveDate {
        let per_year = self.frequency.per_year();
        let month = self.ordinal.rem_euclid(per_year) * (12 / per_year) + 1;
        NaiveDate::from_ymd_opt(self.year(), month.unsigned_abs(), 1)
            .expect("year and month are within range")
    }

    /// The ordinal of the first period of a frequency that begins no earlier than this one.
    pub fn first_within(self, frequency: Frequency) -> i32 {
        let month = self.first_month();
        let length = 12 / frequency.per_year();
        month.div_euclid(length) + i32::from(month.rem_euclid(length) != 0)
    }

    /// The ordinal of the last period of a frequency that ends no later than this one.
    pub fn last_within(self, frequency: Frequency) -> i32 {
        let end = self.first_month() + 12 / self.frequency.per_year();
        end.div_euclid(12 / frequency.per_year()) - 1
    }

    /// The ordinal of its first month.
    const fn first_month(self) -> i32 {
        self.ordinal * (12 / self.frequency.per_year())
    }

    /// Its last day.
    pub fn last_day(self) -> NaiveDate {
        let months = Months::new((12 / self.frequency.per_year()).unsigned_abs());
        self.first_day() + months - Days::new(1)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text(&mut [0; 8]))
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is not a period; expected 2024, 2024-Q3 or 2024-05, from 1900 to 2199");
        let (year, part) = text.split_once('-').unwrap_or((text, ""));
        let (frequency, part) = match part.strip_prefix('Q') {
            Some(quarter) => (Frequency::Q, digits(quarter, 1).filter(|q| (1..=4).contains(q))),
            None if part.is_empty() && !text.contains('-') => (Frequency::A, Some(1)),
            None => (Frequency::M, digits(part, 2).filter(|m| (1..=12).contains(m))),
        };
        let year = digits(year, 4).ok_or_else(wrong)?;
        let part = part.ok_or_else(wrong)?;
        Self::new(frequency, year * frequency.per_year() + part - 1).ok_or_else(wrong)
    }
}

impl Serialize for Period {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; 8];
        serializer.serialize_str(self.text(&mut text))
    }
}

fn digits(text: &str, count: usize) -> Option<i32> {
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// A date printed to the year, month or day, and the days that it may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartialDate {
    /// The first day that it may mean.
    pub first: NaiveDate,
    /// The last day that it may mean.
    pub last: NaiveDate,
}

/// As written: the year, month or day.
impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last } = self;
        let format = if first == last {
            "%Y-%m-%d"
        } else if first.month() == last.month() {
            "%Y-%m"
        } else {
            "%Y"
        };
        write!(f, "{}", first.format(format))
    }
}

impl FromStr for PartialDate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is not a date; expected 2024, 2024-05 or 2024-05-13, from 1900 to 2199");
        if text.len() == 10 {
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|d| YEARS.contains(&d.year()));
            return day.map(|day| Self { first: day, last: day }).ok_or_else(wrong);
        }
        let period: Period = text.parse().map_err(|_| wrong())?;
        if period.frequency() == Frequency::Q {
            return Err(wrong());
        }
        Ok(Self { first: period.first_day(), last: period.last_day() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_spans_its_days() {
        let quarter: Period = "2024-Q1".parse().unwrap();
        assert_eq!((quarter.first_day(), quarter.last_day()), (day("2024-01-01"), day("2024-03-31")));
        let month: Period = "2023-02".parse().unwrap();
        assert_eq!((month.first_day(), month.last_day()), (day("2023-02-01"), day("2023-02-28")));
        let year: Period = "1955".parse().unwrap();
        assert_eq!((year.first_day(), year.last_day()), (day("1955-01-01"), day("1955-12-31")));
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for text in [
            "",
            "24",
            "2024-",
            "2024-0",
            "2024-13",
            "2024-00",
            "2024-Q5",
            "2024-Q",
            "2024-5",
            "+024",
            "1899",
            "2200",
            "2024-05-01",
            "2024-Q01",
            "²024",
        ] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_partial_date_knows_its_first_and_last_day() {
        let month: PartialDate = "2024-02".parse().unwrap();
        assert_eq!((month.first, month.last), (day("2024-02-01"), day("2024-02-29")));
        for text in ["2024", "2024-02", "2024-01", "2024-02-29"] {
            assert_eq!(text.parse::<PartialDate>().unwrap().to_string(), text);
        }
        assert!("2024-02-30".parse::<PartialDate>().is_err());
        assert!("2024-Q1".parse::<PartialDate>().is_err());
    }

    proptest! {
        #[test]
        fn every_period_reads_back_as_printed(frequency in 0usize..3, year in 1900i32..2200, part in 0i32..12) {
            let frequency = Frequency::ALL[frequency];
            let period = Period::new(frequency, year * frequency.per_year() + part % frequency.per_year()).unwrap();
            prop_assert_eq!(period.to_string().parse::<Period>().unwrap(), period);
            let next = Period::new(frequency, period.ordinal() + 1);
            prop_assert!(next.is_none_or(|n| n.first_day() == period.last_day() + Days::new(1)));
        }

        #[test]
        fn no_text_makes_the_parsers_panic(text in "\\PC{0,12}") {
            let _ = text.parse::<Period>();
            let _ = text.parse::<PartialDate>();
        }
    }
}
