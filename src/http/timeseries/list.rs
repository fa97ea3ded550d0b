//! The list of a dataset's series.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{dataset_of, retried};
use crate::app::App;
use crate::database::Versioned;
use crate::error::{Error, Fault, Result};
use crate::formats;
use crate::http::extract::Call;
use crate::http::negotiate::Language;
use crate::http::reply::Reply;
use crate::timeseries::dataset::{Dataset, Vocabulary};
use crate::timeseries::fetch::{Listed, Reader};
use crate::timeseries::frame::source_at;
use crate::timeseries::key::Dimension;
use crate::timeseries::period::{Frequency, Period};
use crate::timeseries::request::{self, Unnamed};

/// A series, without its observations. A dimension that the dataset does not have is absent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SeriesEntry {
    /// Its key; `/v1/series/{id}` takes it.
    pub id: String,
    /// What it is, in words.
    pub title: String,
    /// What is counted.
    pub measure: String,
    /// Who first published the figures.
    pub source: String,
    /// Country, region or province.
    pub geo: String,
    /// Who built the vehicles; `_T` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub maker: Option<String>,
    /// Under which brand; `_T` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub brand: Option<String>,
    /// Which model; `_T` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub model: Option<String>,
    /// Class of vehicle; `_T` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub vehicle_class: Option<String>,
    /// What drives it; `_T` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub powertrain: Option<String>,
    /// Who operates the outlets; `_T` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub operator: Option<String>,
    /// Public or private; `_T` is both.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub access: Option<String>,
    /// Alternating or direct current; `_T` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub current: Option<String>,
    /// How often it states a figure.
    pub frequency: Frequency,
    /// The unit of its figures.
    pub unit: String,
    /// The first period that has a figure.
    #[schema(value_type = Option<String>)]
    pub first: Option<Period>,
    /// The last period that has a figure.
    #[schema(value_type = Option<String>)]
    pub last: Option<Period>,
    /// How many figures it has, those stated as missing included.
    pub observations: i32,
    /// When a release last changed one of them.
    pub updated: Option<DateTime<Utc>>,
}

/// Answers the list of a dataset's series: all of them, or those of the codes that are named.
pub async fn series_list(app: &App, dataset: &str, call: &Call) -> Result<Reply> {
    retried(app, || attempt(app, dataset, call.clone())).await
}

async fn attempt(app: &App, dataset: &str, mut call: Call) -> Result<Reply> {
    let vocabulary = app.vocabularies.current().await?;
    let dataset = dataset_of(&vocabulary, dataset)?;
    let plan = request::select(&mut call.params, &vocabulary, dataset, Unnamed::Open);
    let language = call.language();
    let view = call.page()?;
    let after = view.paging.after.as_deref().map(place).transpose()?;
    let reader = Reader::now(&app.pool, &plan, (dataset, &vocabulary));
    let listed = reader.list(after, (view.paging.limit + 1, false)).await?;
    let (version, changed_at) = vocabulary.versions.get(&dataset.name).copied().unwrap_or_default();
    // Titles and codes are of the vocabulary, which moves on by itself.
    let view = view.depending_on((vocabulary.version("codes"), vocabulary.version("sources")));
    let at = source_at(dataset);
    let last = listed.get(view.paging.limit.saturating_sub(1)).map(|one| &one.series);
    let key = last.map(|series| vec![series.group.clone(), series.codes[at].to_string()]).unwrap_or_default();
    let entries = listed.iter().map(|one| entry(&vocabulary, dataset, one, language)).collect();
    view.listing(&dataset.name, Versioned { version, changed_at, data: entries }, |_: &SeriesEntry| key)
}

/// The series that a cursor's key names.
fn place(key: &[String]) -> Result<(String, String)> {
    if let [group, source] = key {
        return Ok((group.clone(), source.clone()));
    }
    Err(Error::Rejected(vec![Fault::new("cursor", &key.join(" "), "is not a cursor that this service gave")]))
}

fn entry(vocabulary: &Vocabulary, dataset: &Dataset, listed: &Listed, language: Language) -> SeriesEntry {
    let series = &listed.series;
    let code = |dimension| series.code(dataset, dimension).to_owned();
    let optional = |dimension| Some(code(dimension)).filter(|code| !code.is_empty());
    let period = |ordinal| Period::new(series.frequency, ordinal);
    SeriesEntry {
        id: series.key(dataset),
        title: formats::title(vocabulary, dataset, series, language),
        measure: code(Dimension::Measure),
        source: code(Dimension::Source),
        geo: code(Dimension::Geo),
        maker: optional(Dimension::Maker),
        brand: optional(Dimension::Brand),
        model: optional(Dimension::Model),
        vehicle_class: optional(Dimension::VehicleClass),
        powertrain: optional(Dimension::Powertrain),
        operator: optional(Dimension::Operator),
        access: optional(Dimension::Access),
        current: optional(Dimension::Current),
        frequency: series.frequency,
        unit: formats::unit(dataset, series).to_owned(),
        first: listed.span.and_then(|(first, _)| period(first)),
        last: listed.span.and_then(|(_, last)| period(last)),
        observations: listed.observations,
        updated: listed.updated,
    }
}
