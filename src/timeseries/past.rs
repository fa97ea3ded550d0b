//! What was ever stated of the cells of some series: the ground of `as_of`, of pinned pages and of vintages.

use std::collections::{BTreeMap, HashMap};

use chrono::{Months, NaiveDate};
use sqlx::PgConnection;

use super::dataset::Release;
use super::overlay::{Kind, Origin, Statement, restate, runs};
use super::period::{Frequency, Period};
use crate::error::{Error, Result};

/// The statements of each cell of one series, by period.
pub type Cells = BTreeMap<i32, Vec<Statement>>;

/// A figure that holds now: period, value, status, release.
type Holding = (i32, Option<i64>, u8, i32);

/// What a release stated: period, release, in which way, value, status.
type Spoken = (i32, i32, Kind, Option<i64>, u8);

/// What a release restates: the release, the first period, and the one behind the last.
type Restated = (i32, i32, i32);

/// The history of some series, by series.
#[derive(Debug, Default)]
pub struct Past {
    stated: HashMap<i64, Vec<Spoken>>,
    restated: HashMap<i64, Vec<Restated>>,
    notes: HashMap<(i64, i32, i32), String>,
}

/// Reads the history of these series. The connection is in a transaction that sees one snapshot.
pub async fn read(connection: &mut PgConnection, ids: &[i64]) -> Result<Past> {
    let mut past = Past::default();
    let history = sqlx::query!(
        "SELECT series_id, period, release_id, kind, value, status FROM observation_history WHERE series_id = ANY($1)",
        ids
    );
    for row in history.fetch_all(&mut *connection).await? {
        let kind = Kind::from_name(&row.kind);
        let kind = kind.ok_or_else(|| Error::internal("reading the history", row.kind))?;
        let status = row.status.bytes().next().unwrap_or(b'A');
        past.stated.entry(row.series_id).or_default().push((
            row.period,
            row.release_id,
            kind,
            row.value,
            status,
        ));
    }
    let restated = sqlx::query!(
        r#"SELECT series_id, release_id, lower(r) AS "first!", upper(r) AS "end!"
           FROM observation_restatement, unnest(periods) AS r WHERE series_id = ANY($1)"#,
        ids
    );
    for row in restated.fetch_all(&mut *connection).await? {
        past.restated.entry(row.series_id).or_default().push((row.release_id, row.first, row.end));
    }
    let notes = sqlx::query!(
        "SELECT series_id, period, release_id, note FROM observation_note WHERE series_id = ANY($1)",
        ids
    );
    for row in notes.fetch_all(connection).await? {
        past.notes.insert((row.series_id, row.period, row.release_id), row.note);
    }
    Ok(past)
}

/// Where what these series state no longer begins and ends, and in how many periods, by series. Some of these may have another
/// figure now.
pub async fn extents(connection: &mut PgConnection, ids: &[i64]) -> Result<HashMap<i64, (i32, i32, i32)>> {
    let read = sqlx::query!(
        r#"SELECT series_id, min(period) AS "first!", max(period) AS "last!", count(DISTINCT period)::integer AS "count!"
           FROM observation_history WHERE kind = 'stated' AND series_id = ANY($1) GROUP BY series_id"#,
        ids
    );
    let rows = read.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.series_id, (row.first, row.last, row.count))).collect())
}

impl Past {
    /// What the document of a release says of one figure.
    pub fn note(&self, series: i64, period: i32, release: i32) -> Option<String> {
        self.notes.get(&(series, period, release)).cloned()
    }

    /// Every statement of each cell of a series, the restated ones made explicit. `holding` are the figures that stand now.
    pub fn cells(
        &self,
        series: i64,
        holding: impl Iterator<Item = Holding>,
        releases: &HashMap<i32, Release>,
    ) -> Cells {
        let mut cells = Cells::new();
        for (period, value, status, release) in holding {
            let statement =
                Statement { origin: origin(releases, release), kind: Kind::Stated, value, status };
            cells.entry(period).or_default().push(statement);
        }
        for &(period, release, kind, value, status) in self.stated.get(&series).into_iter().flatten() {
            let statement = Statement { origin: origin(releases, release), kind, value, status };
            cells.entry(period).or_default().push(statement);
        }
        let restated = self.restated.get(&series).map(Vec::as_slice).unwrap_or_default();
        for (period, statements) in &mut cells {
            let by = restated.iter().filter(|(_, first, end)| (*first..*end).contains(period));
            let by: Vec<Origin> = by.map(|(release, ..)| origin(releases, *release)).collect();
            restate(statements, &by);
        }
        cells
    }
}

fn origin(releases: &HashMap<i32, Release>, release: i32) -> Origin {
    let known = releases.get(&release);
    Origin {
        release,
        published: known.and_then(|r| r.published),
        superseded_by: known.and_then(|r| r.superseded_by),
        withdrawn: known.is_some_and(|r| r.withdrawn),
    }
}

/// Whether a figure for a period that had ended by `day` became known only over 24 months after that end, or is proven by
/// no dated document at all: then a past state lacks it although it may well have been known.
pub fn is_late(statements: &[Statement], frequency: Frequency, period: i32, day: NaiveDate) -> bool {
    let Some(end) = Period::new(frequency, period).map(Period::last_day).filter(|end| *end <= day) else {
        return false;
    };
    let first = runs(statements, None).iter().filter_map(|run| run.known_since).min();
    first.is_none_or(|first| first > end + Months::new(24))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_late_when_its_first_document_came_over_two_years_after_the_period() {
        let stated = |published: Option<&str>| Statement {
            origin: Origin {
                release: 1,
                published: published.map(|p| p.parse().unwrap()),
                superseded_by: None,
                withdrawn: false,
            },
            kind: Kind::Stated,
            value: Some(1),
            status: b'A',
        };
        let late =
            |published| is_late(&[stated(published)], Frequency::A, 2019, "2021-12-31".parse().unwrap());
        assert!(late(Some("2022-01-01")));
        assert!(!late(Some("2021-12-31")));
        assert!(late(None));
        assert!(!is_late(&[stated(None)], Frequency::A, 2022, "2021-12-31".parse().unwrap()));
    }
}
