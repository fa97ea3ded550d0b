//! `/v1/audit`.

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::audit::{self, AuditEntry, AuditFilter};
use crate::app::App;
use crate::http::access::{Administering, Seen};
use crate::http::extract::Call;
use crate::http::openapi::{FreshFailures, KeyFailures, PageParams};
use crate::http::problem::Problem;
use crate::http::records::Listing;
use crate::http::reply::Reply;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list_audit))
}

/// The audit
///
/// Who sent files, withdrew, made datasets and keys, restricted and revoked them, when and from where, the newest first. It is only ever
/// added to. For keys with the scope `admin`.
///
/// For example, who withdrew something? `/v1/audit?action=withdrawal`.
#[utoipa::path(
    get, path = "/v1/audit", operation_id = "list_audit", tag = "operations",
    params(AuditFilter, PageParams),
    security(("key" = [])),
    responses(
        (status = 200, description = "A page of the audit.", content(
            (Listing<AuditEntry> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        FreshFailures, KeyFailures,
    )
)]
async fn list_audit(Seen(app): Seen, _: Administering, mut call: Call) -> Result<Reply, Problem> {
    let filter = AuditFilter::read(&mut call.params, &audit::known());
    let view = call.page()?;
    let read = audit::entries(&app.pool, &filter, &view.paging.window()).await?;
    Ok(view.listing("audit", read, |last| vec![last.id.to_string()])?.fleeting())
}
