//! What a release changed, figure by figure.

use serde::Serialize;
use utoipa::ToSchema;

use super::retried;
use crate::app::App;
use crate::database::Versioned;
use crate::error::{Error, Fault, Result};
use crate::formats::{self, Status, Value};
use crate::http::extract::Call;
use crate::http::negotiate::Language;
use crate::http::reply::Reply;
use crate::timeseries::dataset::{Dataset, Vocabulary};
use crate::timeseries::fetch::Reader;
use crate::timeseries::frame::source_at;
use crate::timeseries::key::Dimension;
use crate::timeseries::period::{Frequency, Period};
use crate::timeseries::plan::{Plan, Sources};
use crate::timeseries::release::{Change, Kind, Place, changes};

/// A figure that a release changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReleaseChange {
    /// The key of its series; `/v1/series/{id}` takes it.
    pub series: String,
    /// What the series is, in words.
    pub title: String,
    /// How often the series states a figure.
    pub frequency: Frequency,
    /// The period: 2024, 2024-Q3 or 2024-05.
    #[schema(value_type = String)]
    pub period: Option<Period>,
    /// What happened to the figure.
    pub kind: Kind,
    /// The unit of values and differences.
    pub unit: String,
    /// The figure with the release; of an outdated one what the release states. Null where withdrawn or stated as missing.
    #[schema(value_type = Option<f64>)]
    pub value: Option<Value>,
    /// What kind of figure it is; null where withdrawn.
    pub status: Option<Status>,
    /// The figure that held before; null where none did, or where it was stated as missing.
    #[schema(value_type = Option<f64>)]
    pub previous_value: Option<Value>,
    /// What kind of figure that was; null where none held.
    pub previous_status: Option<Status>,
    /// The document that had stated it; null where none held.
    pub previous_document: Option<String>,
    /// The figure less the previous one, exact; null where one of both is missing.
    #[schema(value_type = Option<f64>)]
    pub difference: Option<Value>,
    /// What the document of the release says of this one figure; null where nothing.
    pub note: Option<String>,
}

/// Answers what a release of a collection changed.
pub async fn release_changes(app: &App, release: (i32, &str), call: &Call) -> Result<Reply> {
    retried(app, || attempt(app, release, call.clone())).await
}

async fn attempt(app: &App, (release, collection): (i32, &str), mut call: Call) -> Result<Reply> {
    let vocabulary = app.vocabularies.current().await?;
    let kind = call.params.choice("kind", &Kind::ALL);
    let language = call.language();
    let view = call.page()?;
    let after = view.paging.after.as_deref().map(place).transpose()?;
    let (version, changed_at) = vocabulary.versions.get(collection).copied().unwrap_or_default();
    let mut read = Versioned { version, changed_at, data: Vec::new() };
    let view = view.depending_on((vocabulary.version("codes"), vocabulary.version("sources")));
    let mut last = Vec::new();
    if let Some(dataset) = vocabulary.dataset(collection) {
        let frequencies = Frequency::ALL.to_vec();
        let name = dataset.name.clone();
        let plan = Plan { dataset: name, sources: Sources::All, frequencies, ..Plan::default() };
        let reader = Reader::now(&app.pool, &plan, (dataset, &vocabulary));
        let limit = view.paging.limit;
        let changed = changes(&reader, release, after, (limit + 1, kind)).await?;
        last = changed.get(limit - 1).map(|change| key(change, dataset)).unwrap_or_default();
        read.data = changed.into_iter().map(|change| item(&vocabulary, dataset, change, language)).collect();
    }
    view.listing(collection, read, |_: &ReleaseChange| last)
}

fn key(change: &Change, dataset: &Dataset) -> Vec<String> {
    let source = change.series.codes[source_at(dataset)].to_string();
    vec![change.series.group.clone(), source, change.period.to_string()]
}

/// The place that a cursor's key names.
fn place(key: &[String]) -> Result<Place> {
    let parsed = match key {
        [group, source, period] => period.parse().ok().map(|period| (group.clone(), source.clone(), period)),
        _ => None,
    };
    let detail = "is not a cursor that this service gave";
    parsed.ok_or_else(|| Error::Malformed(vec![Fault::new("cursor", &key.join(" "), detail)]))
}

fn item(vocabulary: &Vocabulary, dataset: &Dataset, change: Change, language: Language) -> ReleaseChange {
    let Change { series, period, effect, note } = change;
    let decimals = dataset.measure(series.code(dataset, Dimension::Measure)).map_or(0, |m| m.decimals);
    let value = |scaled| Value::new(scaled, decimals);
    let (now, before) = (effect.now, effect.before);
    let (own, held) = (now.and_then(|(v, _)| v), before.and_then(|((v, _), _)| v));
    let document = |release: i32| vocabulary.releases.get(&release).and_then(|r| r.document.clone());
    ReleaseChange {
        series: series.key(dataset),
        title: formats::title(vocabulary, dataset, &series, language),
        frequency: series.frequency,
        period: Period::new(series.frequency, period),
        kind: effect.kind,
        unit: formats::unit(dataset, &series).to_owned(),
        value: own.map(value),
        status: now.map(|(_, status)| Status::of(status)),
        previous_value: held.map(value),
        previous_status: before.map(|((_, status), _)| Status::of(status)),
        previous_document: before.and_then(|(_, release)| document(release)),
        difference: own.zip(held).and_then(|(own, held)| own.checked_sub(held)).map(value),
        note,
    }
}
