//! `/v1/codes/{dimension}`.

use chrono::{DateTime, Utc};

use crate::catalog::CATALOG;
use crate::catalog::codes::{CodeEntry, list};
use crate::catalog::filters::CodeFilter;
use crate::database::Versioned;
use crate::error::{Error, Fault, Result, nearest};
use crate::filter::Known;
use crate::http::access::Seen;
use crate::http::extract::{Call, Id, View};
use crate::http::negotiate::Language;
use crate::http::openapi::{LangParam, PageParams, SingleFailures};
use crate::http::problem::Problem;
use crate::http::records::Listing;
use crate::http::reply::Reply;
use crate::timeseries::dataset::Vocabulary;
use crate::timeseries::key::{Dimension, TOTAL};

/// The code list of a dimension
///
/// The codes in their published order, with their place in the tree and their names in English and Chinese. The
/// dimensions are `measure`, `source`, `geo`, `maker`, `brand`, `model`, `vehicle_class`, `powertrain`, `operator`, `access` and `current`.
///
/// For example, under which code does BYD stand? `/v1/codes/maker?q=比亚迪`. Which regions are there below China?
/// `/v1/codes/geo?parent=CN`.
#[utoipa::path(
    get, path = "/v1/codes/{dimension}", operation_id = "list_codes", tag = "catalog",
    params(
        ("dimension" = Dimension, Path, description = "The dimension.", example = "maker"),
        CodeFilter, LangParam, PageParams,
    ),
    responses(
        (status = 200, description = "A page of codes.", content(
            (Listing<CodeEntry> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures,
    )
)]
pub async fn list_codes(
    Seen(app): Seen,
    Id(name): Id,
    mut call: Call,
) -> std::result::Result<Reply, Problem> {
    let vocabulary = app.vocabularies.current().await?;
    let dimension = Dimension::from_name(&name).ok_or_else(|| unknown(name))?;
    let language = call.language();
    let mut codes = list(&vocabulary, dimension, language == Language::Zh);
    let known = codes.iter().map(|code| ("parent".to_owned(), code.code.clone(), code.parent.clone()));
    let mut parents = Known::default().with("parent", &[TOTAL]);
    parents.extend(known);
    let filter = CodeFilter::read(&mut call.params, &parents);
    let view = call.page()?;
    codes.retain(|code| code.is_kept(&filter));
    let codes = page(&view, codes)?;
    let (collection, (version, changed_at)) = basis(&vocabulary, dimension);
    let read = Versioned { version, changed_at, data: codes };
    Ok(view.listing(collection, read, |code| vec![code.code.clone()])?)
}

fn unknown(id: String) -> Error {
    let did_you_mean = nearest(&id, Dimension::ALL.map(Dimension::name));
    Error::NotFound { what: "dimension", id, did_you_mean }
}

/// The page and one row more, where there is one. Codes are never taken out of a list, so a code that is not in it is of no
/// cursor of ours.
fn page(view: &View, codes: Vec<CodeEntry>) -> Result<Vec<CodeEntry>> {
    let last = view.paging.after.as_deref().map(|key| key.first().map_or("", String::as_str));
    let behind = last.map_or(Some(0), |last| Some(codes.iter().position(|code| code.code == last)? + 1));
    let behind = behind.ok_or_else(|| {
        let detail = "does not end with a code of this list";
        Error::Rejected(vec![Fault::new("cursor", last.unwrap_or_default(), detail)])
    })?;
    Ok(codes.into_iter().skip(behind).take(view.paging.limit + 1).collect())
}

/// The collection that a code list is read from, with its version.
fn basis(vocabulary: &Vocabulary, dimension: Dimension) -> (&'static str, (i64, DateTime<Utc>)) {
    let of = |name: &'static str| (name, vocabulary.versions.get(name).copied().unwrap_or_default());
    match dimension {
        // Measures stand in the datasets, their names among the codes.
        Dimension::Measure => (CATALOG, vocabulary.whole()),
        Dimension::Source => of("sources"),
        _ => of("codes"),
    }
}
