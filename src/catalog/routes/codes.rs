//! `/v1/codes/{dimension}`.

use axum::extract::State;
use utoipa::IntoParams;

use super::parameters::{LanguageParameter, PageParameters, piece};
use super::{DEFAULT_LIMIT, MOST};
use crate::app::App;
use crate::catalog::CATALOG;
use crate::catalog::codes::{CodeEntry, list};
use crate::database::Versioned;
use crate::error::{Error, Fault, Result, nearest};
use crate::http::extract::{Call, Id, View};
use crate::http::negotiate::Language;
use crate::http::problem::Problem;
use crate::http::records::Listing;
use crate::http::reply::Reply;
use crate::timeseries::dataset::Vocabulary;
use crate::timeseries::key::{Dimension, TOTAL};

/// Which codes.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct CodeParameters {
    /// Only codes with this text in the code or in a name, English or Chinese, whatever its case.
    #[param(value_type = String, required = false, example = "比亚迪")]
    q: Option<String>,
    /// Only codes directly below this one; `_T` for those at the top of the list.
    #[param(value_type = String, required = false, example = "geely-holding")]
    parent: Option<String>,
}

impl CodeParameters {
    fn read(call: &mut Call, codes: &[CodeEntry]) -> Self {
        let known = || codes.iter().map(|code| code.code.as_str());
        let parent = call.params.value("parent", |text| {
            let found = text == TOTAL || known().any(|code| code == text);
            let fault = || Fault::new("parent", text, "is not a code of this dimension").allowed(known());
            if found { Ok(text.to_owned()) } else { Err(fault()) }
        });
        Self { q: piece(&mut call.params, "q"), parent }
    }

    fn keep(&self, code: &CodeEntry) -> bool {
        self.q.as_ref().is_none_or(|text| code.holds(text))
            && self.parent.as_ref().is_none_or(|parent| code.is_below(parent))
    }
}

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
        CodeParameters, LanguageParameter, PageParameters,
    ),
    responses((status = 200, description = "A page of codes.", body = Listing<CodeEntry>))
)]
pub async fn list_codes(
    State(app): State<App>,
    Id(name): Id,
    mut call: Call,
) -> std::result::Result<Reply, Problem> {
    let vocabulary = app.vocabularies.current().await?;
    let dimension = Dimension::from_name(&name).ok_or_else(|| unknown(name))?;
    let language = call.language();
    let mut codes = list(&vocabulary, dimension, language == Language::Zh);
    let wanted = CodeParameters::read(&mut call, &codes);
    let view = call.view(DEFAULT_LIMIT, MOST)?;
    codes.retain(|code| wanted.keep(code));
    let codes = page(&view, codes)?;
    let (collection, (version, changed_at)) = basis(&vocabulary, dimension);
    let read = Versioned { version, changed_at, data: codes };
    Ok(view.listing(collection, read, |code| vec![code.code.clone()])?)
}

fn unknown(id: String) -> Error {
    let did_you_mean = nearest(&id, Dimension::ALL.map(Dimension::name));
    Error::NotFound { what: "dimension", id, did_you_mean }
}

/// The page and one row more, where there is one.
fn page(view: &View, codes: Vec<CodeEntry>) -> Result<Vec<CodeEntry>> {
    let behind = match view.paging.after.as_deref() {
        None => 0,
        Some(key) => {
            codes.iter().position(|code| key == [code.code.as_str()]).map(|at| at + 1).ok_or_else(|| {
                Error::Gone("the code that the last page ended with is no longer in the list".to_owned())
            })?
        }
    };
    Ok(codes.into_iter().skip(behind).take(view.paging.limit + 1).collect())
}

/// The collection that a code list is read from, with its version.
fn basis(
    vocabulary: &Vocabulary,
    dimension: Dimension,
) -> (&'static str, (i64, chrono::DateTime<chrono::Utc>)) {
    let of = |name: &'static str| (name, vocabulary.versions.get(name).copied().unwrap_or_default());
    match dimension {
        // Measures stand in the datasets, their names among the codes.
        Dimension::Measure => (CATALOG, vocabulary.whole()),
        Dimension::Source => of("sources"),
        _ => of("codes"),
    }
}
