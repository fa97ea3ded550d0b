//! Reads what is left under a partial selection.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::listed::frequency;
use super::{Reader, same_versions};
use crate::error::{Error, Result};
use crate::timeseries::key::Dimension;
use crate::timeseries::period::Period;
use crate::timeseries::sql;

/// How many series and observations there are, and from when to when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Series with a figure.
    pub series: i64,
    /// Their figures, those stated as missing included.
    pub observations: i64,
    /// The period that begins first; of those the one that ends first. `None` where there is none.
    pub first: Option<Period>,
    /// The period that ends last; of those the one that begins last. `None` where there is none.
    pub last: Option<Period>,
}

/// What is left under a selection.
#[derive(Debug, Default)]
pub struct Available {
    /// All that is selected.
    pub total: Count,
    /// By dimension, or the frequency where there is none, each code that has figures.
    pub codes: BTreeMap<Option<Dimension>, BTreeMap<String, Count>>,
}

impl Reader<'_> {
    /// What is left under the plan's selection. A dimension that is narrowed has the codes left under the other selections.
    pub async fn availability(&self) -> Result<Available> {
        let statement = sql::availability(self.plan, self.dataset);
        let mut available = Available::default();
        for row in &self.rows(&statement).await? {
            same_versions(row, self.vocabulary, &self.plan.dataset)?;
            if let Some(axis) = row.try_get::<Option<String>, _>("axis")? {
                available.add(&axis, row.try_get("code")?, Count::new(row)?)?;
            }
        }
        Ok(available)
    }
}

impl Available {
    fn add(&mut self, axis: &str, code: String, count: Count) -> Result<()> {
        if axis == sql::EVERYTHING {
            self.total.add(count);
        }
        let dimension = match axis {
            sql::EVERYTHING | sql::FREQUENCY => None,
            name => Some(Dimension::from_name(name).ok_or_else(|| {
                Error::internal("reading what is available", format!("{name:?} is no dimension"))
            })?),
        };
        let codes = self.codes.entry(dimension).or_default();
        if dimension.is_none() {
            // One row a frequency, told twice where the frequencies are narrowed.
            codes.insert(code, count);
        } else {
            codes.entry(code).or_default().add(count);
        }
        Ok(())
    }
}

impl Count {
    fn new(row: &PgRow) -> Result<Self> {
        let frequency = frequency(row)?;
        let period = |column| -> Result<Option<Period>> {
            Ok(row.try_get::<Option<i32>, _>(column)?.and_then(|ordinal| Period::new(frequency, ordinal)))
        };
        Ok(Self {
            series: row.try_get("series")?,
            observations: row.try_get("observations")?,
            first: period("first_period")?,
            last: period("last_period")?,
        })
    }

    /// Adds those of another frequency.
    fn add(&mut self, other: Self) {
        self.series += other.series;
        self.observations += other.observations;
        let (first, last) = ([self.first, other.first], [self.last, other.last]);
        self.first = first.into_iter().flatten().min_by_key(|p| (p.first_day(), p.last_day()));
        self.last = last.into_iter().flatten().max_by_key(|p| (p.last_day(), p.first_day()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_several_frequencies_span_from_the_first_day_to_the_last() {
        let count = |first: &str, last: &str| Count {
            series: 1,
            observations: 2,
            first: first.parse().ok(),
            last: last.parse().ok(),
        };
        let mut sum = count("2019", "2021");
        sum.add(count("2019-01", "2021-11"));
        sum.add(count("2019-Q1", "2021-Q4"));
        assert_eq!(sum, Count { series: 3, observations: 6, ..count("2019-01", "2021-Q4") });
    }
}
