//! Hits as they are answered, each with the path that leads on, and the path to the figures.

use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;

use super::text::Match;
use super::{Found, Kind};
use crate::catalog::Sight;
use crate::error::Result;
use crate::formats;
use crate::language::Language;
use crate::timeseries::dataset::{Dataset, Vocabulary};
use crate::timeseries::fetch::{Named, first_of_each};
use crate::timeseries::key::{Dimension, TOTAL};
use crate::timeseries::period::Period;
use crate::timeseries::sql::Codes;

/// Something that a search found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Hit {
    /// What it is.
    pub kind: Kind,
    /// How the query leads to it.
    #[serde(rename = "match")]
    pub how: Match,
    /// Its code, id or key.
    #[schema(example = "byd")]
    pub id: String,
    /// Its name in the language of the answer; English where no Chinese name is known.
    pub name: String,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese; null where none is known.
    pub name_zh: Option<String>,
    /// What tells it from others: the dimension of a code, the kind of a record, with country or region and dates, the time of a series.
    #[schema(example = "maker")]
    pub detail: String,
    /// Where it is, relative to the service.
    #[schema(example = "/v1/codes/maker?q=byd")]
    pub link: String,
    /// A query for figures on it, relative to the service; null where there are none.
    #[schema(example = "/v1/production?measure=sales&maker=byd&frequency=M")]
    pub figures: Option<String>,
    /// How many series there are on it; null where there are none, and for a series.
    pub series: Option<i64>,
    /// Of what there may be figures on: the dimension and code.
    #[serde(skip)]
    code: Option<(Dimension, String)>,
}

impl Hit {
    /// A hit that is no series.
    pub(super) fn of(how: Match, thing: &Found, language: Language) -> Self {
        let Found { kind, dimension, id, name_en, name_zh, detail } = thing;
        let at = encoded(id);
        let link = match (kind, dimension) {
            (Kind::Code, Some(dimension)) => format!("/v1/codes/{dimension}?q={at}"),
            (Kind::Source, _) => format!("/v1/sources/{at}"),
            (Kind::Organization, _) => format!("/v1/organizations/{at}"),
            (Kind::Instrument, _) => format!("/v1/subsidies/{at}"),
            (Kind::Partnership, _) => format!("/v1/partnerships/{at}"),
            (Kind::Event, _) => format!("/v1/events?id={at}"),
            _ => format!("/v1/series/{at}"),
        };
        // Makers stand under the same id among the organizations.
        let code = dimension.or_else(|| (*kind == Kind::Organization).then_some(Dimension::Maker));
        Self {
            kind: *kind,
            how,
            id: id.clone(),
            name: language.name(name_en, name_zh.as_deref()).to_owned(),
            name_en: name_en.clone(),
            name_zh: name_zh.clone(),
            detail: detail.clone(),
            link,
            figures: None,
            series: None,
            code: code.map(|dimension| (dimension, id.clone())),
        }
    }

    /// A hit that is a series; `None` where its dataset is not known.
    pub(super) fn of_series(
        how: Match,
        named: &Named,
        vocabulary: &Vocabulary,
        language: Language,
    ) -> Option<Self> {
        let dataset = vocabulary.dataset(&named.dataset)?;
        let series = named.series(&dataset.dimensions);
        let id = series.key(dataset);
        let title = |language| formats::title(vocabulary, dataset, &series, language);
        let period =
            |ordinal| Period::new(named.frequency, ordinal).map(|p| p.to_string()).unwrap_or_default();
        let span = named.span.map(|(first, last)| format!("{} to {}", period(first), period(last)));
        Some(Self {
            kind: Kind::Series,
            how,
            name: title(language),
            name_en: title(Language::En),
            name_zh: Some(title(Language::Zh)),
            detail: format!("{}, {} observations", span.unwrap_or_default(), named.observations),
            link: format!("/v1/series/{}", encoded(&id)),
            figures: Some(query(dataset, named, Some(named.code(Dimension::Source)))),
            id,
            series: None,
            code: None,
        })
    }
}

/// Adds to each hit that has figures the query for the plainest of them.
pub async fn lead_to_figures(
    hits: &mut [Hit],
    vocabulary: &Vocabulary,
    (pool, sight): (&PgPool, &Sight),
    version: i64,
) -> Result<()> {
    let mut codes = Codes::new();
    for (dimension, code) in hits.iter().filter_map(|hit| hit.code.clone()) {
        codes.entry(dimension).or_default().push(code);
    }
    let first = first_of_each((pool, sight.seen()), version, &codes).await?;
    for hit in hits {
        let of = first.iter().find(|one| one.of.is_some() && one.of == hit.code);
        let Some((one, dataset)) = of.and_then(|one| Some((one, vocabulary.dataset(&one.dataset)?))) else {
            continue;
        };
        let source = hit.code.as_ref().filter(|(dimension, _)| *dimension == Dimension::Source);
        hit.figures = Some(query(dataset, one, source.map(|(_, code)| code.as_str())));
        hit.series = Some(one.matches);
    }
    Ok(())
}

/// The query that has a series in its answer: everything that is not at its default is named.
fn query(dataset: &Dataset, named: &Named, source: Option<&str>) -> String {
    let path = match dataset.name.as_str() {
        own @ ("production" | "charging") => format!("/v1/{own}"),
        other => format!("/v1/datasets/{other}/observations"),
    };
    let mut parts = Vec::new();
    let models = named.code(Dimension::Model) != TOTAL;
    for dimension in &dataset.dimensions {
        let code = named.code(*dimension);
        let is_default = match dimension {
            Dimension::Measure => dataset.measures.first().is_some_and(|measure| measure.code == code),
            Dimension::Source => {
                parts.extend(source.map(|source| format!("source={}", encoded(source))));
                continue;
            }
            Dimension::Geo => code == "CN",
            // Where a brand or model is named, these are open.
            Dimension::Brand if models => false,
            Dimension::Maker if models || named.code(Dimension::Brand) != TOTAL => false,
            _ => code == TOTAL,
        };
        if !is_default {
            parts.push(format!("{dimension}={}", encoded(code)));
        }
    }
    if named.frequency != dataset.default_frequency {
        parts.push(format!("frequency={}", named.frequency));
    }
    if parts.is_empty() { path } else { format!("{path}?{}", parts.join("&")) }
}

/// A code or key as paths and queries take it; those of ours stay as they are.
fn encoded(text: &str) -> String {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
    let each = text.bytes().map(|b| if kept(b) { char::from(b).to_string() } else { format!("%{b:02X}") });
    each.collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_mean_something_to_a_path_are_encoded() {
        assert_eq!(encoded("production:A.sales.caam.CN._T"), "production:A.sales.caam.CN._T");
        assert_eq!(encoded("a&b#ü"), "a%26b%23%C3%BC");
    }
}
