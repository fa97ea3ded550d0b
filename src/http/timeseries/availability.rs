//! What is left to choose from under a partial selection, as pick lists need it.

use std::collections::HashSet;

use serde::Serialize;
use utoipa::ToSchema;

use super::{dataset_of, retried};
use crate::app::App;
use crate::catalog::{CodeEntry, code_list};
use crate::database::Versioned;
use crate::error::Result;
use crate::http::extract::Call;
use crate::http::negotiate::{Format, Language};
use crate::http::records::Warning;
use crate::http::reply::Reply;
use crate::timeseries::dataset::Vocabulary;
use crate::timeseries::fetch::{Available, Count, Reader};
use crate::timeseries::key::Dimension;
use crate::timeseries::period::{Frequency, Period};
use crate::timeseries::request::{self, Unnamed};

/// The name of the list of frequencies, beside the dimensions.
const FREQUENCY: &str = "frequency";

/// What there are figures on under a selection.
#[derive(Debug, Serialize, ToSchema)]
pub struct Availability {
    /// Series with a figure under the whole selection.
    pub series: i64,
    /// Their figures, those stated as missing included.
    pub observations: i64,
    /// The first period of any of them; null without figures.
    #[schema(value_type = Option<String>)]
    pub first: Option<Period>,
    /// The last period of any of them; null without figures.
    #[schema(value_type = Option<String>)]
    pub last: Option<Period>,
    /// A list for each dimension of the dataset in the order of its keys, and one for `frequency`.
    pub dimensions: Vec<AvailableDimension>,
}

/// One dimension, or the frequency, with the codes left to choose from.
#[derive(Debug, Serialize, ToSchema)]
pub struct AvailableDimension {
    /// Its name; the parameter of that name takes its codes.
    #[schema(example = "maker")]
    pub dimension: String,
    /// Whether the selection narrows it. Then its codes are those left under the other selections.
    pub narrowed: bool,
    /// The codes that have figures, and those that are selected, in the order of their list.
    pub codes: Vec<AvailableCode>,
}

/// One code that may be chosen.
#[derive(Debug, Serialize, ToSchema)]
pub struct AvailableCode {
    /// The dimension, or `frequency`.
    #[schema(example = "maker")]
    pub dimension: String,
    /// The code.
    #[schema(example = "byd")]
    pub code: String,
    /// The code above it in the tree; null at the top.
    pub parent: Option<String>,
    /// Its name in the language of the answer; English where no Chinese name is known.
    pub name: String,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese; null where none is known.
    pub name_zh: Option<String>,
    /// Whether the request names it. In a dimension that is not narrowed none is.
    pub selected: bool,
    /// Series with a figure that choosing it leads to, all other selections as they are; 0 for one that is selected in vain.
    pub series: i64,
    /// Their figures, those stated as missing included.
    pub observations: i64,
    /// The first period of any of them; null without figures.
    #[schema(value_type = Option<String>)]
    pub first: Option<Period>,
    /// The last period of any of them; null without figures.
    #[schema(value_type = Option<String>)]
    pub last: Option<Period>,
}

/// Answers what is left of a dataset under the codes that are named.
pub async fn availability(app: &App, dataset: &str, call: &Call) -> Result<Reply> {
    retried(app, || attempt(app, dataset, call.clone())).await
}

async fn attempt(app: &App, dataset: &str, mut call: Call) -> Result<Reply> {
    let vocabulary = app.vocabularies.current().await?;
    let dataset = dataset_of(&vocabulary, dataset)?;
    let frequency = call.params.clone().list(FREQUENCY).filter(|words| *words != ["*"]);
    let plan = request::select(&mut call.params, &vocabulary, dataset, Unnamed::Open);
    let language = call.language();
    let mut view = call.single()?;
    let reader = Reader::now(&app.pool, &plan, (dataset, &vocabulary));
    let mut read = reader.availability().await?;
    let selected = |axis: Option<Dimension>| match axis {
        Some(dimension) => plan.codes(dimension),
        None => frequency.as_deref(),
    };
    let axes = dataset.dimensions.iter().copied().map(Some).chain([None]);
    let dimensions: Vec<AvailableDimension> =
        axes.map(|axis| list(&mut read, (axis, selected(axis)), &vocabulary, language)).collect();
    let (version, changed_at) = vocabulary.versions.get(&dataset.name).copied().unwrap_or_default();
    let versioned = Versioned { version, changed_at, data: () };
    // Names and codes are of the vocabulary, which moves on by itself.
    view = view.depending_on((vocabulary.version("codes"), vocabulary.version("sources")));
    if view.format != Format::Json {
        let rows: Vec<AvailableCode> = dimensions.into_iter().flat_map(|list| list.codes).collect();
        view.paging.limit = rows.len();
        return view.listing(&dataset.name, versioned.map(|()| rows), |_| Vec::new());
    }
    let Count { series, observations, first, last } = read.total;
    let warnings = if series == 0 { vec![Warning::no_data()] } else { Vec::new() };
    let data = Availability { series, observations, first, last, dimensions };
    view.record_with(&dataset.name, versioned.map(|()| data), warnings)
}

/// The codes of one dimension that have figures or are selected, in the order of its list.
fn list(
    available: &mut Available,
    (axis, selected): (Option<Dimension>, Option<&[String]>),
    vocabulary: &Vocabulary,
    language: Language,
) -> AvailableDimension {
    let dimension = axis.map_or(FREQUENCY, Dimension::name);
    let mut counts = available.codes.remove(&axis).unwrap_or_default();
    let chosen: HashSet<&str> = selected.into_iter().flatten().map(String::as_str).collect();
    let named = axis.map_or_else(frequencies, |axis| names(vocabulary, axis));
    let codes = named.into_iter().filter_map(|Named { code, parent, name_en, name_zh }| {
        let selected = chosen.contains(code.as_str());
        let count = counts.remove(&code).or_else(|| selected.then(Count::default))?;
        Some(AvailableCode {
            dimension: dimension.to_owned(),
            name: language.name(&name_en, name_zh.as_deref()).to_owned(),
            code,
            parent,
            name_en,
            name_zh,
            selected,
            series: count.series,
            observations: count.observations,
            first: count.first,
            last: count.last,
        })
    });
    let codes = codes.collect();
    AvailableDimension { dimension: dimension.to_owned(), narrowed: selected.is_some(), codes }
}

/// A code's place in the tree and its names.
struct Named {
    code: String,
    parent: Option<String>,
    name_en: String,
    name_zh: Option<String>,
}

fn names(vocabulary: &Vocabulary, dimension: Dimension) -> Vec<Named> {
    let codes = code_list(vocabulary, dimension, false).into_iter();
    let named = codes.map(|CodeEntry { code, parent, name_en, name_zh, .. }| Named {
        code,
        parent,
        name_en,
        name_zh,
    });
    named.collect()
}

fn frequencies() -> Vec<Named> {
    let named = [
        (Frequency::A, "Annual", "年度"),
        (Frequency::Q, "Quarterly", "季度"),
        (Frequency::M, "Monthly", "月度"),
    ];
    let named = named.map(|(frequency, name_en, name_zh)| Named {
        code: frequency.code().to_owned(),
        parent: None,
        name_en: name_en.to_owned(),
        name_zh: Some(name_zh.to_owned()),
    });
    named.into()
}
