//! Series without their figures, as they are read.

use chrono::{DateTime, Utc};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::super::frame::Series;
use super::super::period::Frequency;
use super::super::target::Stored;
use super::array::texts;
use crate::error::{Error, Result};

/// A series without its figures, as lists show it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its codes.
    pub series: Series,
    /// The first and the last period that have a figure; `None` where none has one now.
    pub span: Option<(i32, i32)>,
    /// How many figures it has, those stated as missing included.
    pub observations: i32,
    /// When a release last changed one.
    pub updated: Option<DateTime<Utc>>,
}

/// A stored series of a list.
pub(super) fn listed(row: &PgRow, id: i64) -> Result<Stored> {
    Ok(Stored {
        id,
        frequency: frequency(row)?,
        codes: texts(row, "series_codes")?,
        span: Option::zip(row.try_get("first")?, row.try_get("last_period")?),
        observations: row.try_get("observations")?,
        is_sum: row.try_get("is_sum")?,
    })
}

/// The frequency of a series.
pub(super) fn frequency(row: &PgRow) -> Result<Frequency> {
    let text: &str = row.try_get("frequency")?;
    text.parse().map_err(|why: String| Error::internal("reading a series", why))
}

impl Listed {
    pub(super) fn new(row: &PgRow) -> Result<Self> {
        let series = Series {
            group: row.try_get("group_key")?,
            frequency: frequency(row)?,
            codes: texts(row, "series_codes")?,
            observations: Vec::new(),
        };
        let (first, last) = (row.try_get("first_period")?, row.try_get("last_period")?);
        let span = Option::<i32>::zip(first, last);
        let (observations, updated) = (row.try_get("observations")?, row.try_get("released_at")?);
        Ok(Self { series, span, observations, updated })
    }
}
