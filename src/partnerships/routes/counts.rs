//! How many partnerships there are.

use utoipa::IntoParams;

use crate::database::Versioned;
use crate::http::access::Seen;
use crate::http::extract::Call;
use crate::http::openapi::{FormatParam, ListFailures};
use crate::http::problem::Problem;
use crate::http::records::{Single, Tabled, Warning};
use crate::http::reply::Reply;
use crate::partnerships::counts::{COUNT_GROUPS, COUNT_MEASURES, Counts, count};
use crate::partnerships::filters::{CountFilter, window};
use crate::partnerships::queries::{self, Collection};

/// For which years.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is described and never made")]
pub struct YearParams {
    /// The first period, inclusive; what begins earlier is left out. Growth looks back before it.
    #[param(required = false, example = "2015")]
    start: String,
    /// The last period, inclusive; what ends later is left out.
    #[param(required = false, example = "2024")]
    end: String,
    /// Only the last so many years of each series.
    #[param(required = false, minimum = 1, example = 5)]
    last: u32,
}

/// How many partnerships are active, began and ended, by year
///
/// Answers for example "how many joint ventures with German partners were active at the end of each year?":
/// `/v1/partnerships/counts?measure=active&kind=joint_venture&country=DE`, and "what began since 2015, by kind?":
/// `/v1/partnerships/counts?measure=started&group_by=kind&start=2015`. They are the partnerships that are held here, which are not
/// all there are. The year of a partnership is that of its beginning, or where this is not known of its announcement; those of
/// which neither is known are in no count and named in a warning.
#[utoipa::path(
    get, path = "/v1/partnerships/counts", operation_id = "count_partnerships", tag = "partnerships",
    params(CountFilter, YearParams, FormatParam),
    responses(
        (status = 200, description = "Series by measure, kind and country, each by year. CSV and NDJSON hold a row a figure.", content(
            (Single<Counts> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
pub async fn count_partnerships(Seen(app): Seen, mut call: Call) -> Result<Reply, Problem> {
    let known = queries::known(&app.pool, Collection::Partnerships, &call.params.names()).await?;
    let known = known.with("measure", &COUNT_MEASURES).with("group_by", &COUNT_GROUPS);
    let filter = CountFilter::read(&mut call.params, &known);
    let window = window(&mut call.params, filter.transform);
    let view = call.single()?;
    let (read, organizations) = queries::counted(&app.pool, &filter).await?;
    let (rows, notices) = count(&read.data, &filter.asked(window));
    let mut warnings: Vec<Warning> =
        notices.into_iter().map(|notice| Warning::new(notice.code, notice.detail)).collect();
    if rows.is_empty() {
        warnings.push(Warning::no_data());
    }
    let record = Counts::shaped(rows.clone(), filter.shape.unwrap_or_default());
    let data = Tabled { record, rows, warnings, complete: true };
    let read = Versioned { version: read.version, changed_at: read.changed_at, data };
    Ok(view.depending_on((&filter, organizations)).tabled(Collection::Partnerships.name(), read)?)
}
