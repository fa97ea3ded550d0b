//! The feed of what happened to releases, and the positions in it.
//!
//! Positions are given under the lock of imports, which is held until the commit. So they are in the order of commits:
//! whoever sees one sees all below it that will ever be there, and nothing can come in behind a position once read.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use sqlx::types::Json;
use utoipa::ToSchema;

use super::model::ReleaseLinks;
use super::seal::Seal;
use super::sight::Sight;
use crate::database::Versioned;
use crate::error::{Fault, Result};
use crate::filter::{Words, filters};
use crate::params::Params;
use crate::timeseries::period::PartialDate;

filters! {
    /// Which entries of the feed.
    pub struct FeedFilter {
        /// Datasets or collections of records that changed, separated by commas. It may differ from call to call.
        collection: Words = "production",
    }
}

/// From where on the feed is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Behind this position; 0 is the beginning.
    Position(i64),
    /// From the first entry of this time or later, with all behind it.
    Time(DateTime<Utc>),
}

/// Something that happened to a release.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct ChangeEntry {
    /// Its position: later entries have larger ones, with gaps.
    #[schema(example = 341)]
    pub id: i64,
    /// `released`: it was taken in. `superseded`: a later one of the same document took its place. `withdrawn`: it no longer counts.
    #[schema(example = "released")]
    pub kind: String,
    /// When, by the clock of the service that took it in.
    pub at: DateTime<Utc>,
    /// The release that it happened to.
    pub release: i32,
    /// The dataset or collection of records that changed.
    #[schema(example = "production")]
    pub collection: String,
    /// `dataset` or `records`.
    #[schema(example = "dataset")]
    pub collection_kind: String,
    /// The document; null for code lists, the descriptions of datasets and the list of sources.
    pub document: Option<String>,
    /// The last day that the document's date may mean; null where it is undated.
    pub published: Option<NaiveDate>,
    /// How many rows the release holds.
    pub rows: i32,
    /// The release that took its place; null unless it was superseded.
    pub superseded_by: Option<i32>,
    /// Why it was withdrawn; null unless it was, or where nobody said.
    pub withdrawn_reason: Option<String>,
    /// What `since` takes to read on behind this entry.
    #[serde(default)]
    #[schema(required = true)]
    pub cursor: String,
    /// Where what it is about is, relative to the service.
    #[serde(default)]
    #[schema(required = true)]
    pub links: ReleaseLinks,
}

/// A stretch of the feed.
#[derive(Debug)]
pub struct Feed {
    /// Its entries in their order, one more than asked for where more follow.
    pub entries: Vec<ChangeEntry>,
    /// The last position there is that may be seen, of whatever collection.
    pub last: i64,
}

impl Since {
    /// Takes `since`: a cursor, a date or a time. Without it, the beginning.
    pub fn read(params: &mut Params, seal: &Seal) -> Self {
        params.value("since", |text| parse(text, seal)).unwrap_or(Self::Position(0))
    }
}

fn parse(text: &str, seal: &Seal) -> std::result::Result<Since, Fault> {
    // The plus of a time zone is a space once a form is decoded.
    if let Ok(time) = DateTime::parse_from_rfc3339(&text.replace(' ', "+")) {
        return Ok(Since::Time(time.to_utc()));
    }
    if let Ok(date) = text.parse::<PartialDate>() {
        return Ok(Since::Time(start_of(date.first)));
    }
    seal.open(text).map(Since::Position).ok_or_else(|| {
        let detail =
            "is no cursor that this service gave to a caller who sees what you see, no date (2026, 2026-11, 2026-11-25) and no time";
        Fault::new("since", text, detail)
    })
}

/// The moment at which a day begins in China.
fn start_of(day: NaiveDate) -> DateTime<Utc> {
    let china = FixedOffset::east_opt(8 * 3600).expect("eight hours is a valid offset");
    let midnight = day.and_time(NaiveTime::MIN).and_local_timezone(china);
    midnight.earliest().map_or(DateTime::UNIX_EPOCH, |at| at.to_utc())
}

/// What happened behind a place in the feed, of some collections or all, in order.
pub async fn changes(
    (pool, sight): (&PgPool, &Sight),
    (since, seal): (Since, &Seal),
    filter: &FeedFilter,
    rows: i64,
) -> Result<Versioned<Feed>> {
    let (position, time) = match since {
        Since::Position(position) => (Some(position), None),
        Since::Time(time) => (None, Some(time)),
    };
    let row = sqlx::query!(
        r#"WITH h AS (SELECT hidden_from($5) AS hidden), last AS (
             SELECT coalesce((SELECT change_id FROM change JOIN release r USING (release_id), h
                              WHERE NOT is_hidden(r.import_id, r.collection, h.hidden)
                              ORDER BY change_id DESC LIMIT 1), 0) AS position)
           SELECT v.version AS "version!", v.changed_at AS "changed_at!", last.position AS "last!", (
             SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.id), '[]') FROM (
               SELECT g.change_id AS id, g.kind, g.at, r.release_id AS release, r.collection,
                 c.kind AS collection_kind, r.document_id AS document, r.published, r.row_count AS rows,
                 CASE g.kind WHEN 'superseded' THEN r.superseded_by END AS superseded_by,
                 CASE g.kind WHEN 'withdrawn' THEN r.withdrawn_reason END AS withdrawn_reason
               FROM change g JOIN release r USING (release_id) JOIN collection c ON c.name = r.collection
               WHERE g.change_id > coalesce($1::bigint,
                   (SELECT f.change_id - 1 FROM change f WHERE f.at >= $2 ORDER BY f.change_id LIMIT 1), last.position)
                 AND ($3::text[] IS NULL OR r.collection = ANY($3))
                 AND NOT is_hidden(r.import_id, r.collection, h.hidden)
               ORDER BY g.change_id LIMIT $4
             ) p) AS "entries!: Json<Vec<ChangeEntry>>"
           FROM last, h, LATERAL (
             SELECT sum(version)::bigint AS version, max(changed_at) AS changed_at FROM collection WHERE NOT name = ANY(h.hidden)) v"#,
        position,
        time,
        filter.collection.as_deref(),
        rows,
        sight.seen(),
    )
    .fetch_one(pool)
    .await?;
    let entries = row.entries.0.into_iter().map(|entry| entry.linked(seal)).collect();
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data: Feed { entries, last: row.last } })
}

impl ChangeEntry {
    fn linked(mut self, seal: &Seal) -> Self {
        self.cursor = seal.seal(self.id);
        let document = self.document.as_deref();
        self.links = ReleaseLinks::new(
            (&self.collection_kind, &self.collection),
            document,
            (self.release, self.superseded_by),
        );
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_takes_a_cursor_a_date_or_a_time() {
        let time = |text: &str| Since::Time(text.parse().unwrap());
        let seal = Seal::new([7; 32], Sight::Public);
        let parse = |text: &str| parse(text, &seal);
        assert_eq!(parse(&seal.seal(341)), Ok(Since::Position(341)));
        assert_eq!(parse("2026-11-25"), Ok(time("2026-11-24T16:00:00Z")));
        assert_eq!(parse("2026-11"), Ok(time("2026-10-31T16:00:00Z")));
        for written in ["2026-11-25T08:00:00+08:00", "2026-11-25T08:00:00 08:00", "2026-11-25T00:00:00Z"] {
            assert_eq!(parse(written), Ok(time("2026-11-25T00:00:00Z")), "{written}");
        }
        for wrong in ["yesterday", "2026-13", "Y2hhbmdlOg"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
