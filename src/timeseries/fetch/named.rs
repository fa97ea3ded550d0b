//! Reads series of any dataset by codes of any dimension, without their figures.

use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row as _};

use super::bound;
use super::listed::frequency;
use crate::error::{Error, Result};
use crate::timeseries::frame::Series;
use crate::timeseries::key::Dimension;
use crate::timeseries::period::Frequency;
use crate::timeseries::sql::{self, Codes, Statement};

/// A series of some dataset.
#[derive(Debug, Clone)]
pub struct Named {
    /// The dataset.
    pub dataset: String,
    /// Its frequency.
    pub frequency: Frequency,
    /// The code of every dimension there is, in the order of [`Dimension::ALL`].
    pub codes: Vec<String>,
    /// The first and the last period that have a figure.
    pub span: Option<(i32, i32)>,
    /// How many figures it has, those stated as missing included.
    pub observations: i32,
    /// The code that it was read for; `None` where it was read for codes of several dimensions.
    pub of: Option<(Dimension, String)>,
    /// How many series there are of what it was read for.
    pub matches: i64,
}

/// Up to `limit` series that have one of the codes of each group, of what who may see these restricted datasets may see. [`Error::Moved`] where the data is no longer at this version.
pub async fn with_codes(
    (pool, seen): (&PgPool, Option<&[String]>),
    version: i64,
    (groups, frequencies): (&[Codes], &[Frequency]),
    limit: usize,
) -> Result<Vec<Named>> {
    read(pool, version, &sql::with_codes(seen, groups, frequencies, limit)).await
}

/// The first series of each of these codes, of what may be seen likewise. [`Error::Moved`] where the data is no longer at this version.
pub async fn first_of_each(
    (pool, seen): (&PgPool, Option<&[String]>),
    version: i64,
    codes: &Codes,
) -> Result<Vec<Named>> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    read(pool, version, &sql::first_of_each(seen, codes)).await
}

async fn read(pool: &PgPool, version: i64, statement: &Statement) -> Result<Vec<Named>> {
    let mut named = Vec::new();
    for row in &bound(statement).fetch_all(pool).await? {
        if row.try_get::<i64, _>("version")? != version {
            return Err(Error::Moved);
        }
        if let Some(dataset) = row.try_get::<Option<String>, _>("dataset")? {
            named.push(Named::new(row, dataset)?);
        }
    }
    Ok(named)
}

impl Named {
    fn new(row: &PgRow, dataset: String) -> Result<Self> {
        let dimension: Option<String> = row.try_get("dimension")?;
        let dimension = dimension.as_deref().and_then(Dimension::from_name);
        let (first, last) = (row.try_get("first_period")?, row.try_get("last_period")?);
        Ok(Self {
            dataset,
            frequency: frequency(row)?,
            codes: row.try_get("all_codes")?,
            span: Option::<i32>::zip(first, last),
            observations: row.try_get("observations")?,
            of: Option::zip(dimension, row.try_get("code")?),
            matches: row.try_get("matches")?,
        })
    }

    /// Its code of a dimension; the total where its dataset does not have it.
    pub fn code(&self, dimension: Dimension) -> &str {
        let at = Dimension::ALL.iter().position(|d| *d == dimension);
        at.and_then(|at| self.codes.get(at)).map_or("", String::as_str)
    }

    /// The same as a series of a dataset with these dimensions.
    pub fn series(&self, dimensions: &[Dimension]) -> Series {
        Series {
            group: String::new(),
            frequency: self.frequency,
            codes: dimensions.iter().map(|dimension| self.code(*dimension).into()).collect(),
            observations: Vec::new(),
        }
    }
}
