//! Figures behind all that their series has: they are put at the end of what is stored, which is not read for it.

use std::collections::HashSet;

use sqlx::PgConnection;

use super::{COPY_CHUNKS, Chunk, Stored, history_line, restated_line};
use crate::error::{Error, Result};
use crate::ingest::binary::Rows;
use crate::ingest::lines::{array, copy};

/// What is put at the ends of stored chunks, column by column.
#[derive(Default)]
struct Ends {
    series: Vec<i64>,
    numbers: Vec<i32>,
    firsts: Vec<i32>,
    values: Vec<String>,
    statuses: Vec<Option<Vec<u8>>>,
    releases: Vec<String>,
}

impl Stored {
    /// Writes it, which is behind all that is stored of its series; `ends` are their last chunks.
    pub async fn append(&self, connection: &mut PgConnection, ends: &HashSet<(i64, i32)>) -> Result<()> {
        let (mut rows, mut behind) = (Rows::default(), Ends::default());
        for (place, chunk) in &self.chunks {
            if ends.contains(place) {
                behind.add(*place, chunk);
            } else {
                chunk.encode(*place, &mut rows);
            }
        }
        rows.copy(connection, COPY_CHUNKS).await?;
        behind.write(connection).await?;
        let history = self.history.iter().map(|(place, said)| history_line((*place, said)));
        copy(connection, "COPY observation_history FROM STDIN", history).await?;
        let restated = self.restated.iter().map(|(place, periods)| restated_line((*place, periods)));
        copy(connection, "COPY observation_restatement FROM STDIN", restated).await
    }
}

impl Ends {
    fn add(&mut self, (series, number): (i64, i32), chunk: &Chunk) {
        self.series.push(series);
        self.numbers.push(number);
        self.firsts.push(chunk.first_period);
        self.values.push(array(&chunk.values));
        self.statuses.push(chunk.statuses.clone());
        self.releases.push(array(&chunk.releases));
    }

    /// Arrays of arrays have to be of one length, so each array comes as its text.
    async fn write(self, connection: &mut PgConnection) -> Result<()> {
        if self.series.is_empty() {
            return Ok(());
        }
        let written = sqlx::query!(
            "UPDATE observation_chunk c
             SET \"values\" = c.\"values\" || array_fill(NULL::bigint, ARRAY[it.first_period - c.first_period - cardinality(c.releases)])
                     || it.more::bigint[],
                 releases = c.releases || array_fill(NULL::integer, ARRAY[it.first_period - c.first_period - cardinality(c.releases)])
                     || it.stating::integer[],
                 statuses = CASE WHEN c.statuses IS NOT NULL OR it.letters IS NOT NULL THEN
                     coalesce(c.statuses, convert_to(repeat('A', cardinality(c.releases)), 'UTF8'))
                     || convert_to(repeat('A', it.first_period - c.first_period - cardinality(c.releases)), 'UTF8')
                     || coalesce(it.letters, convert_to(repeat('A', cardinality(it.stating::integer[])), 'UTF8')) END
             FROM UNNEST($1::bigint[], $2::integer[], $3::integer[], $4::text[], $5::bytea[], $6::text[])
                  AS it (series_id, chunk, first_period, more, letters, stating)
             WHERE c.series_id = it.series_id AND c.chunk = it.chunk",
            &self.series,
            &self.numbers,
            &self.firsts,
            &self.values,
            &self.statuses as &[Option<Vec<u8>>],
            &self.releases,
        )
        .execute(connection)
        .await?;
        went_to_all(written.rows_affected(), self.series.len())
    }
}

/// Refuses what was put at the ends of fewer chunks than it should have been.
pub fn went_to_all(chunks: u64, all: usize) -> Result<()> {
    if chunks == all as u64 {
        return Ok(());
    }
    let found = format!("{chunks} of {all} last chunks are there");
    Err(Error::internal("putting figures at the end of those that there are", found))
}
