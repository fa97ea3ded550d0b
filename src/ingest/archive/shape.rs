//! What the files of a dataset look like: its dimensions, and the decimals of its measures.

use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;

use crate::error::{Error, Result};
use crate::timeseries::key::Dimension;

/// The columns of a file of statements behind the dimensions.
pub(super) const BEHIND: [&str; 7] = ["frequency", "period", "release", "kind", "value", "status", "note"];

/// A dataset, as its files need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// Its name.
    pub(super) name: String,
    /// Its dimensions, in the order of the series key.
    pub(super) dimensions: Vec<Dimension>,
    /// The decimals of each measure.
    pub(super) decimals: HashMap<String, u32>,
}

impl Shape {
    /// The file of its series.
    pub(super) fn series_path(&self) -> String {
        format!("series/{}.csv", self.name)
    }

    /// The file of its statements.
    pub(super) fn statements_path(&self) -> String {
        format!("observations/{}.csv", self.name)
    }

    /// The columns of the file of statements.
    pub(super) fn statement_columns(&self) -> Vec<&'static str> {
        self.dimensions.iter().map(|dimension| dimension.name()).chain(BEHIND).collect()
    }
}

/// The columns of a file of series: the key, the codes, the last release that changed a figure, and how many rows of the
/// file of statements are its.
pub(super) fn series_columns() -> Vec<&'static str> {
    let codes = Dimension::ALL.iter().map(|dimension| dimension.name());
    ["series"].into_iter().chain(codes).chain(["updated_by", "statements"]).collect()
}

/// Every dataset that was ever described, by name. Of one that is gone the last description counts.
pub(super) async fn read(connection: &mut PgConnection) -> Result<Vec<Shape>> {
    let mut decimals = decimals(connection).await?;
    let rows = sqlx::query!(
        "SELECT DISTINCT ON (dataset COLLATE \"C\") dataset, dimensions FROM dataset
         ORDER BY dataset COLLATE \"C\", (superseded_by IS NULL) DESC, release_id DESC",
    );
    let rows = rows.fetch_all(&mut *connection).await?;
    let shape = |name: String, dimensions: Vec<String>| {
        let known = |name: &String| Dimension::from_name(name).ok_or_else(|| strange("a dimension", name));
        let dimensions = dimensions.iter().map(known).collect::<Result<_>>()?;
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
            return Err(strange("the name of a dataset", &name));
        }
        let decimals = decimals.remove(&name).unwrap_or_default();
        Ok(Shape { name, dimensions, decimals })
    };
    let mut shape = shape;
    rows.into_iter().map(|row| shape(row.dataset, row.dimensions)).collect()
}

async fn decimals(connection: &mut PgConnection) -> Result<BTreeMap<String, HashMap<String, u32>>> {
    let rows = sqlx::query!(
        "SELECT DISTINCT ON (dataset, measure) dataset, measure, decimals FROM measure
         ORDER BY dataset, measure, (superseded_by IS NULL) DESC, release_id DESC",
    );
    let mut all: BTreeMap<String, HashMap<String, u32>> = BTreeMap::new();
    for row in rows.fetch_all(connection).await? {
        let decimals = u32::try_from(row.decimals).ok().filter(|decimals| *decimals <= 28);
        let decimals = decimals.ok_or_else(|| strange("a number of decimals", &row.decimals.to_string()))?;
        all.entry(row.dataset).or_default().insert(row.measure, decimals);
    }
    Ok(all)
}

fn strange(what: &str, found: &str) -> Error {
    Error::internal("reading what datasets look like", format!("{found:?} as {what}"))
}
