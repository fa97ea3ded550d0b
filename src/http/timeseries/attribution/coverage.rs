//! How much of the market the makers are whose figures are attributed, so that nobody takes a list for the whole.

use serde::Serialize;
use utoipa::ToSchema;

use super::exact::Exact;
use super::unit::{Omission, Stated, Unit};
use crate::timeseries::dataset::{Dataset, Vocabulary};
use crate::timeseries::derive::Figure;
use crate::timeseries::fetch::Reader;
use crate::timeseries::frame::{Series, source_at};
use crate::timeseries::period::Period;
use crate::timeseries::precedence::Subject;

/// From how many percent of the national figure on makers are enough of the market not to be warned of.
const ENOUGH: f64 = 80.0;

/// What the figures of one source and period are of the market.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttributionCoverage)]
pub struct Coverage {
    /// The key of the series of the total that they are parts of, by the source whose makers they are.
    #[schema(example = "production:M.sales.gasgoo.CN._T._T._T.PV._T")]
    pub series: String,
    /// Whose makers they are.
    pub source: String,
    /// The period.
    #[schema(value_type = String)]
    pub period: Option<Period>,
    /// How many makers are counted.
    pub makers: usize,
    /// The sum of their figures: what is attributed and what is not add up to it.
    #[schema(value_type = f64)]
    pub total: Exact,
    /// The figure of all makers: of the same source, or else of the first that counts alike; null where neither states one, or where
    /// a brand or model is asked for.
    #[schema(value_type = Option<f64>)]
    pub national: Option<Exact>,
    /// Who states the figure of all makers; null where there is none.
    pub national_source: Option<String>,
    /// The sum in percent of that figure, not rounded; null where there is none.
    pub percent: Option<f64>,
    /// The makers whose figures are not counted.
    pub left_out: Vec<LeftOut>,
}

/// A maker whose figure is not counted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttributionLeftOut)]
pub struct LeftOut {
    /// Its code.
    pub maker: String,
    /// Why.
    pub because: Omission,
}

impl Coverage {
    pub(super) fn new(reader: &Reader<'_>, (unit, wholes): (&Unit, &[Series]), period: i32) -> Self {
        let (dataset, vocabulary) = (reader.dataset, reader.vocabulary);
        let empty = Stated::default();
        let stated = unit.periods.get(&period).unwrap_or(&empty);
        let total = stated.total();
        let national = national((dataset, vocabulary), (unit, wholes), period);
        let decimals = dataset.measure_of(&unit.series.codes).map_or(0, |m| m.decimals);
        let figure = national.as_ref().map(|(_, scaled)| Exact::scaled(*scaled, decimals));
        let left_out = stated.left_out.iter();
        Self {
            series: unit.series.key(dataset),
            source: unit.source.to_string(),
            period: Period::new(unit.series.frequency, period),
            makers: stated.counted.len(),
            total: Exact(total),
            percent: figure.and_then(|national| Exact(total).percent_of(national)),
            national: figure,
            national_source: national.map(|(source, _)| source),
            left_out: left_out
                .map(|(maker, because)| LeftOut { maker: maker.clone(), because: *because })
                .collect(),
        }
    }

    /// Whether it is known to be enough of the market.
    pub(super) fn is_enough(&self) -> bool {
        self.percent.is_some_and(|percent| percent >= ENOUGH)
    }
}

/// The figure of all makers by the source of a unit, or by the first that counts alike, with who states it.
fn national(
    (dataset, vocabulary): (&Dataset, &Vocabulary),
    (unit, wholes): (&Unit, &[Series]),
    period: i32,
) -> Option<(String, i64)> {
    let at = source_at(dataset);
    let is_same = |series: &&Series| {
        let mut codes = series.codes.iter().zip(&unit.series.codes).enumerate();
        series.frequency == unit.series.frequency && codes.all(|(place, (a, b))| place == at || a == b)
    };
    let wholes: Vec<&Series> = wholes.iter().filter(is_same).collect();
    let says = |source: &str| {
        let series = wholes.iter().find(|series| series.codes[at] == source)?;
        let observation = series.observations.iter().find(|o| o.period == period)?;
        let is_whole = observation.coverage.is_none_or(|(has, of)| has == of);
        match observation.figure {
            Some(Figure::Exact(scaled)) if is_whole => Some((source.to_owned(), scaled)),
            _ => None,
        }
    };
    says(&unit.source).or_else(|| {
        let (frequency, codes) = (unit.series.frequency, wholes.first()?.codes.as_slice());
        let subject = Subject { dataset, frequency, codes };
        let scopes = subject.scopes(vocabulary, wholes.iter().map(|series| series.codes[at].as_str()));
        let scope = scopes.iter().find(|s| s.sources.iter().any(|ranked| *ranked.source == *unit.source))?;
        let stands = |until: Option<i32>| until.is_none_or(|until| period <= until);
        scope.sources.iter().filter(|ranked| stands(ranked.until)).find_map(|ranked| says(&ranked.source))
    })
}
