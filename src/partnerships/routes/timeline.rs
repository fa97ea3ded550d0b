//! The life of an organization.

use super::missing;
use crate::filter::{Known, check_order};
use crate::http::access::Seen;
use crate::http::extract::{Call, Id};
use crate::http::openapi::{PageParams, SingleFailures};
use crate::http::problem::Problem;
use crate::http::records::Listing;
use crate::http::reply::Reply;
use crate::partnerships::filters::TimelineFilter;
use crate::partnerships::queries::{self, Collection};
use crate::partnerships::timeline::{TIMELINE_KINDS, TimelineEntry};

/// The life of an organization: founding, ventures, shares, events, end
///
/// Answers for example "when did BMW Brilliance change hands?":
/// `/v1/organizations/bmw-brilliance/timeline?kind=stake_began,stake_changed,stake_ended`, and "what did Tesla do in China since 2018?":
/// `/v1/organizations/tesla/timeline?start=2018`. A document that dates a share only to the year stands before those that date it
/// more exactly; what is of no known date stands at the end.
#[utoipa::path(
    get, path = "/v1/organizations/{id}/timeline", operation_id = "get_timeline", tag = "partnerships",
    params(("id" = String, Path, description = "The id of the organization.", example = "bmw-brilliance"), TimelineFilter, PageParams),
    responses(
        (status = 200, description = "A page of what happened, the oldest first.", content(
            (Listing<TimelineEntry> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures,
    )
)]
pub async fn get_timeline(Seen(app): Seen, Id(id): Id, mut call: Call) -> Result<Reply, Problem> {
    let known = Known::default().with("kind", &TIMELINE_KINDS);
    let filter = TimelineFilter::read(&mut call.params, &known);
    check_order(&mut call.params, filter.start, filter.end);
    let view = call.page()?;
    let (read, versions) = queries::timeline(&app.pool, &id, &filter, &view.paging.window()).await?;
    if !read.data.held {
        return Err(missing(&app, Collection::Organizations, "organization", id).await);
    }
    let view = view.depending_on((&filter, versions));
    let read = read.map(|page| page.entries);
    Ok(view.listing(Collection::Organizations.name(), read, TimelineEntry::place)?)
}
