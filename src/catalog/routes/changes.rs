//! `/v1/changes`.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::known;
use crate::catalog::Seal;
use crate::catalog::feed::{self, ChangeEntry, Feed, FeedFilter, Since};
use crate::database::Versioned;
use crate::error::Result;
use crate::http::access::Seen;
use crate::http::extract::{Call, Target, View};
use crate::http::negotiate::Format;
use crate::http::openapi::{FeedParams, ListFailures};
use crate::http::problem::Problem;
use crate::http::records::{self, Links, Warning};
use crate::http::reply::{Reply, tag};

/// A stretch of the feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changes {
    /// What happened, in the order in which it became visible.
    pub data: Vec<ChangeEntry>,
    /// Where the feed was read.
    pub meta: ChangesMeta,
    /// Where this answer and the next entries are, relative to the service.
    pub links: Links,
    /// What a reader should know before using the answer.
    pub warnings: Vec<Warning>,
}

/// Where the feed was read.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangesMeta {
    /// What `since` takes next time, also where this answer is empty.
    pub since: String,
    /// False where further entries are there already.
    pub complete: bool,
    /// The sum of the versions of all collections.
    pub version: i64,
    /// When one of them last changed.
    pub changed_at: DateTime<Utc>,
    /// How many entries are answered at most.
    pub limit: usize,
    /// How many entries this answer holds.
    pub rows: usize,
}

/// What changed
///
/// Every release of every collection in the order in which it became visible; that one was superseded or withdrawn is an entry
/// of its own. To follow it, ask with `meta.since` of the answer before: nothing is skipped and nothing comes twice, also
/// while data is being taken in. An answer that says `complete: false` has more behind it at once.
///
/// For example, what came in since November began? `/v1/changes?since=2026-11-01`. Only figures of production?
/// `/v1/changes?collection=production&since=2026-11-01`. What one release changed: `/v1/releases/{id}/changes`.
#[utoipa::path(
    get, path = "/v1/changes", operation_id = "list_changes", tag = "catalog",
    params(FeedParams, FeedFilter),
    responses(
        (status = 200, description = "A stretch of the feed, the oldest first.", content(
            (Changes = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
pub async fn list_changes(Seen(app): Seen, mut call: Call) -> std::result::Result<Reply, Problem> {
    let known = known(&app, &call).await?;
    let filter = FeedFilter::read(&mut call.params, &known);
    let seal = Seal::new(app.vocabularies.current().await?.seal, app.vocabularies.sight().clone());
    let since = Since::read(&mut call.params, &seal);
    let view = call.stretch()?;
    let read = feed::changes(app.catalog(), (since, &seal), &filter, view.paging.window().rows).await?;
    Ok(write(&view, (since, &seal), read)?)
}

fn write(view: &View, (since, seal): (Since, &Seal), read: Versioned<Feed>) -> Result<Reply> {
    let Versioned { version, changed_at, data: Feed { mut entries, last } } = read;
    let limit = view.paging.limit;
    let complete = entries.len() <= limit;
    entries.truncate(limit);
    // A replica may be behind the one that gave the cursor: it must not go back.
    let asked = if let Since::Position(position) = since { position } else { 0 };
    let behind = if complete { last.max(asked) } else { entries.last().map_or(asked, |entry| entry.id) };
    let cursor = seal.seal(behind);
    let next = (!complete).then(|| following(&view.target, &cursor, limit));
    let (query, rows) = (view.target.name(), entries.len());
    let state = format!("{version} {changed_at} {last} {limit}");
    let tag = tag([query.as_str(), &state, view.format.media_type()]);
    let body = match view.format {
        Format::Csv => records::csv(&entries)?,
        Format::Ndjson => records::lines(&entries, next.as_deref())?,
        Format::Json => {
            let meta = ChangesMeta { since: cursor, complete, version, changed_at, limit, rows };
            let links = Links { this: query, next: next.clone() };
            records::json(&Changes { data: entries, meta, links, warnings: Vec::new() })?
        }
    };
    Ok(Reply { complete, next, ..Reply::new(body, view.format, Some(tag), changed_at) })
}

/// The same question behind a position.
fn following(target: &Target, cursor: &str, limit: usize) -> String {
    let mut next = target.clone();
    next.pairs.retain(|(name, _)| name != "since");
    next.pairs.push(("since".to_owned(), cursor.to_owned()));
    next.pairs.push(("limit".to_owned(), limit.to_string()));
    next.name()
}
