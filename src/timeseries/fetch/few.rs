//! A few series that are read together with all their figures.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::listed::listed;
use super::{Reader, same_versions};
use crate::error::Result;
use crate::timeseries::sql::Few;
use crate::timeseries::target::Stored;

impl Reader<'_> {
    /// A few series, each with what `add` makes of its chunks, a row each: read together with what other requests want where that can be.
    pub(super) async fn few<T: Default>(
        &self,
        few: Arc<Few>,
        add: impl Fn(&mut T, &PgRow) -> Result<()>,
    ) -> Result<WithChunks<T>> {
        let mut all = WithChunks::default();
        let rows = match self.connections.together().await {
            Some(together) => together.read(Arc::clone(&few)).await,
            None => None,
        };
        if let Some(rows) = rows {
            rows.first().map_or(Ok(()), |row| same_versions(row, self.vocabulary, &self.plan.dataset))?;
            rows.iter().try_for_each(|row| all.take(row, &add))?;
        } else {
            let mut connection = self.connections.one().await?;
            self.each_row(&mut connection, &Few::statement([&*few]), |row| all.take(row, &add)).await?;
        }
        Ok(all)
    }
}

/// Series in the order in which they were read, and what was made of the chunks of each.
pub(super) struct WithChunks<T> {
    pub(super) stored: Vec<Stored>,
    pub(super) made: HashMap<i64, T>,
}

impl<T> Default for WithChunks<T> {
    fn default() -> Self {
        Self { stored: Vec::new(), made: HashMap::new() }
    }
}

impl<T: Default> WithChunks<T> {
    /// Takes what a row tells of a series and of a chunk of it.
    fn take(&mut self, row: &PgRow, add: impl Fn(&mut T, &PgRow) -> Result<()>) -> Result<()> {
        let Some(id) = row.try_get::<Option<i64>, _>("series_id")? else { return Ok(()) };
        if !self.made.contains_key(&id) {
            self.stored.push(listed(row, id)?);
        }
        let one = self.made.entry(id).or_default();
        if row.try_get::<Option<i64>, _>("chunk_of")?.is_some() { add(one, row) } else { Ok(()) }
    }
}
