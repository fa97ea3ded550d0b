//! How many partnerships are active, began and ended in each year, as time series.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Number;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::model::PartnershipKind;
use super::ownership::Notice;
use crate::filter::{Known, Parameter};
use crate::params::Params;
use crate::timeseries::derive::{Cell, Figure, Reason, Releases, Track};
use crate::timeseries::frame::{Observation, Series, Voice, finished};
use crate::timeseries::period::{Frequency, Period};
use crate::timeseries::plan::{Fill, Plan, Transform, Window};
use crate::timeseries::transform::{hundredfold, observations};
use crate::words::words;

/// What is counted.
pub const COUNT_MEASURES: [&str; 3] = ["active", "started", "ended"];

/// What counts may be told apart by.
pub const COUNT_GROUPS: [&str; 2] = ["kind", "country"];

words! {
    /// What is counted of partnerships.
    CountMeasure = COUNT_MEASURES;
}

/// In which form counts are answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// One object a figure.
    #[default]
    Rows,
    /// One object a series, with its figures as objects.
    Series,
    /// One object a series, with its figures as columns.
    Columns,
}

impl Parameter for Layout {
    fn read(params: &mut Params, name: &'static str, _: &Known) -> Option<Self> {
        params.choice(name, &[("rows", Self::Rows), ("series", Self::Series), ("columns", Self::Columns)])
    }
}

/// What is known of the partnerships that are counted.
#[derive(Debug, Default, Deserialize)]
pub struct Held {
    /// The last year in which any partnership began or ended.
    pub last: Option<i32>,
    /// The partnerships.
    pub partnerships: Vec<Life>,
}

/// When a partnership began and ended.
#[derive(Debug, Deserialize)]
pub struct Life {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// The countries that its members come from, China left out where there are others.
    pub countries: Vec<String>,
    /// The year in which it began, or where that is not known was announced.
    pub started: Option<i32>,
    /// The year in which it ended.
    pub ended: Option<i32>,
    /// Whether it is known to have begun, and not to have ended on a day that is not known.
    pub placed: bool,
    /// The document that it was read from.
    pub document: String,
}

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What is counted; all where none is named.
    pub measures: Vec<String>,
    /// Whether kinds are told apart.
    pub by_kind: bool,
    /// Whether countries are told apart.
    pub by_country: bool,
    /// What is computed of the counts.
    pub transform: Transform,
    /// For which years.
    pub window: Window,
}

/// A count of one year.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CountRow {
    /// `active` (begun in this year or before, and not ended by its end), `started` or `ended` (in this year).
    #[schema(value_type = CountMeasure)]
    pub measure: String,
    /// The kind of the partnerships; null where kinds are not told apart.
    #[schema(value_type = Option<PartnershipKind>)]
    pub kind: Option<String>,
    /// The country that a member comes from (ISO 3166-1, two letters); `CN` where none comes from another; null where countries
    /// are not told apart.
    pub country: Option<String>,
    /// The year.
    #[schema(value_type = String)]
    pub period: Option<Period>,
    /// The count, or what is computed of it; null where that cannot be.
    #[schema(value_type = Option<f64>)]
    pub value: Option<Number>,
    /// `partnerships`, `percent` or the base of an index.
    pub unit: String,
    /// Why nothing could be computed: `gap`, `zero`; null where there is a value.
    #[schema(value_type = Option<String>)]
    pub reason: Option<&'static str>,
    /// The documents that state what began or ended in the years that the figure was computed of; a stock is made of all before too.
    pub documents: Vec<String>,
}

/// The counts of all years with their codes once.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountSeries {
    /// What is counted.
    #[schema(value_type = CountMeasure)]
    pub measure: String,
    /// The kind of the partnerships; null where kinds are not told apart.
    #[schema(value_type = Option<PartnershipKind>)]
    pub kind: Option<String>,
    /// The country that a member comes from; null where countries are not told apart.
    pub country: Option<String>,
    /// `partnerships`, `percent` or the base of an index.
    pub unit: String,
    /// The counts by year.
    pub observations: Vec<CountPoint>,
}

/// A count of a series.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountPoint {
    /// The year.
    #[schema(value_type = String)]
    pub period: Option<Period>,
    /// The count, or what is computed of it; null where that cannot be.
    #[schema(value_type = Option<f64>)]
    pub value: Option<Number>,
    /// Why nothing could be computed: `gap`, `zero`; null where there is a value.
    #[schema(value_type = Option<String>)]
    pub reason: Option<&'static str>,
    /// The documents that state what began or ended in the years that the figure was computed of.
    pub documents: Vec<String>,
}

/// A series as columns: what stands at one place of each belongs together.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountColumns {
    /// What is counted.
    #[schema(value_type = CountMeasure)]
    pub measure: String,
    /// The kind of the partnerships; null where kinds are not told apart.
    #[schema(value_type = Option<PartnershipKind>)]
    pub kind: Option<String>,
    /// The country that a member comes from; null where countries are not told apart.
    pub country: Option<String>,
    /// `partnerships`, `percent` or the base of an index.
    pub unit: String,
    /// The years.
    #[schema(value_type = Vec<String>)]
    pub period: Vec<Option<Period>>,
    /// The counts; null where nothing could be computed.
    #[schema(value_type = Vec<Option<f64>>)]
    pub value: Vec<Option<Number>>,
}

/// Counts in the form that was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Counts {
    /// `shape=rows`.
    Rows(Vec<CountRow>),
    /// `shape=series`.
    Series(Vec<CountSeries>),
    /// `shape=columns`.
    Columns(Vec<CountColumns>),
}

/// What a series is of: its measure, its kind and its country, empty where these are not told apart.
type Codes = [String; 3];

/// What began and ended in the years of a group, with the documents that say so, by their places.
#[derive(Debug, Default)]
struct Group {
    started: BTreeMap<i32, Vec<i32>>,
    ended: BTreeMap<i32, Vec<i32>>,
}

/// The series, and what a reader should know of them.
pub fn count(held: &Held, asked: &Asked) -> (Vec<CountRow>, Vec<Notice>) {
    let documents: BTreeSet<&str> = held.partnerships.iter().map(|life| life.document.as_str()).collect();
    let documents: Vec<&str> = documents.into_iter().collect();
    let place = |life: &Life| documents.binary_search(&life.document.as_str()).ok();
    let mut groups: BTreeMap<(String, String), Group> = BTreeMap::new();
    let mut whole = Group::default();
    for life in held.partnerships.iter().filter(|life| life.counts()) {
        let Some(document) = place(life).and_then(|at| i32::try_from(at).ok()) else { continue };
        whole.add(life, document);
        let kind = if asked.by_kind { life.kind.clone() } else { String::new() };
        let none = [String::new()];
        let countries = if asked.by_country { life.countries.as_slice() } else { &none };
        for country in countries {
            groups.entry((kind.clone(), country.clone())).or_default().add(life, document);
        }
    }
    let years = whole.started.keys().next().copied().zip(held.last);
    let measures = COUNT_MEASURES.iter().filter(|measure| asked.counts(measure));
    let mut rows = Vec::new();
    for measure in measures {
        let Some(years) = years else { break };
        let all = whole.track(measure, years);
        let series = groups.iter().map(|((kind, country), group)| {
            let codes = [(*measure).to_owned(), kind.clone(), country.clone()];
            computed(&codes, &group.track(measure, years), &all, asked)
        });
        let series = finished(series.collect(), Fill::None, &asked.window);
        rows.extend(
            series
                .iter()
                .flat_map(|series| series.observations.iter().map(|o| row(series, o, asked, &documents))),
        );
    }
    (rows, notices(held, asked))
}

impl Asked {
    fn counts(&self, measure: &str) -> bool {
        self.measures.is_empty() || self.measures.iter().any(|asked| asked == measure)
    }
}

impl Life {
    /// Whether it is known when it began, and when it ended if it did.
    const fn counts(&self) -> bool {
        self.placed && self.started.is_some()
    }
}

impl Group {
    fn add(&mut self, life: &Life, document: i32) {
        if let Some(year) = life.started {
            self.started.entry(year).or_default().push(document);
        }
        if let Some(year) = life.ended {
            self.ended.entry(year).or_default().push(document);
        }
    }

    /// The counts of all years, of which a year without any is 0.
    fn track(&self, measure: &str, (first, last): (i32, i32)) -> Track {
        let none = Vec::new();
        let mut active = 0;
        let cell = |year: i32| {
            let [began, ended] = [&self.started, &self.ended].map(|years| years.get(&year).unwrap_or(&none));
            let (more, less) =
                (i64::try_from(began.len()).unwrap_or(0), i64::try_from(ended.len()).unwrap_or(0));
            active += more - less;
            let (count, documents) = match measure {
                "started" => (more, began.clone()),
                "ended" => (less, ended.clone()),
                _ => (active, [began.as_slice(), ended].concat()),
            };
            // A year in which nothing happened rests on no document.
            let mut releases = Releases::one(NOTHING);
            for document in documents {
                releases.add(&Releases::one(document));
            }
            let figure = Some(Figure::Exact(count));
            (year, Cell { figure, status: b'A', releases, note: None, coverage: None, reason: None })
        };
        (first..=last).map(cell).collect()
    }
}

/// Stands among the places of documents for none.
const NOTHING: i32 = -1;

/// A series with what is asked computed of it.
fn computed(codes: &Codes, track: &Track, whole: &Track, asked: &Asked) -> Series {
    let plan = Plan { transform: asked.transform, ..Plan::default() };
    let voice = Voice { source: "".into(), until: None, low_trust: false, track };
    let mut observations = observations(&plan, (Frequency::A, 0), &[voice], true);
    if asked.transform == Transform::Share {
        for observation in &mut observations {
            share(observation, whole);
        }
    }
    let codes = codes.iter().map(SmolStr::from).collect();
    Series { group: String::new(), frequency: Frequency::A, codes, observations }
}

/// A count as percent of that of all partnerships.
#[expect(clippy::cast_precision_loss, reason = "a ratio is of doubles; counts are far below 2^53")]
fn share(observation: &mut Observation, whole: &Track) {
    let all = whole.get(&observation.period).and_then(Cell::exact).filter(|all| *all > 0);
    observation.figure = match (observation.figure, all) {
        (Some(Figure::Exact(count)), Some(all)) => Some(Figure::Ratio(hundredfold(count) / all as f64)),
        _ => None,
    };
    observation.reason = observation.figure.is_none().then_some(Reason::Zero);
}

fn row(series: &Series, observation: &Observation, asked: &Asked, documents: &[&str]) -> CountRow {
    let code = |at: usize| series.codes.get(at).filter(|code| !code.is_empty()).map(SmolStr::to_string);
    let value = observation.figure.and_then(|figure| match figure {
        Figure::Exact(count) => Some(Number::from(count)),
        Figure::Ratio(ratio) => Number::from_f64(ratio),
    });
    let releases =
        observation.releases.iter().flat_map(|all| [all.first].into_iter().chain(all.others.iter().copied()));
    let named: BTreeSet<&str> =
        releases.filter_map(|at| documents.get(usize::try_from(at).ok()?).copied()).collect();
    CountRow {
        measure: code(0).unwrap_or_default(),
        kind: code(1),
        country: code(2),
        period: Period::new(Frequency::A, observation.period),
        value,
        unit: asked.transform.unit("partnerships"),
        reason: observation.reason.map(Reason::word),
        documents: named.into_iter().map(str::to_owned).collect(),
    }
}

/// What is not counted, and what must not be added.
fn notices(held: &Held, asked: &Asked) -> Vec<Notice> {
    let lacking = held.partnerships.iter().filter(|life| !life.counts());
    let lacking: Vec<&str> = lacking.map(|life| life.id.as_str()).collect();
    let mut told = Vec::new();
    if !lacking.is_empty() {
        let detail = format!(
            "{} partnerships are in no count, since it is not known when they began, or that they began at all, or when they \
             ended: {}",
            lacking.len(),
            lacking.join(", ")
        );
        told.push(Notice { code: "not_counted", detail });
    }
    if asked.by_country && held.partnerships.iter().any(|life| life.countries.len() > 1) {
        let detail = "a partnership with members from several countries counts in each of them, so these do not add up";
        told.push(Notice { code: "not_additive", detail: detail.to_owned() });
    }
    told
}

impl Counts {
    /// Rows, which lie series by series, in the form that is asked for.
    pub fn shaped(rows: Vec<CountRow>, layout: Layout) -> Self {
        let codes =
            |row: &CountRow| (row.measure.clone(), row.kind.clone(), row.country.clone(), row.unit.clone());
        let series = rows.chunk_by(|a, b| codes(a) == codes(b));
        match layout {
            Layout::Rows => Self::Rows(rows),
            Layout::Series => Self::Series(
                series
                    .map(|rows| {
                        let (measure, kind, country, unit) = codes(&rows[0]);
                        let point = |row: &CountRow| CountPoint {
                            period: row.period,
                            value: row.value.clone(),
                            reason: row.reason,
                            documents: row.documents.clone(),
                        };
                        CountSeries {
                            measure,
                            kind,
                            country,
                            unit,
                            observations: rows.iter().map(point).collect(),
                        }
                    })
                    .collect(),
            ),
            Layout::Columns => Self::Columns(
                series
                    .map(|rows| {
                        let (measure, kind, country, unit) = codes(&rows[0]);
                        let (period, value) = rows.iter().map(|row| (row.period, row.value.clone())).unzip();
                        CountColumns { measure, kind, country, unit, period, value }
                    })
                    .collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(id: &str, countries: &[&str], started: i32, ended: Option<i32>) -> Life {
        Life {
            id: id.to_owned(),
            kind: "joint_venture".to_owned(),
            countries: countries.iter().map(|country| (*country).to_owned()).collect(),
            started: Some(started),
            ended,
            placed: true,
            document: format!("d-{id}"),
        }
    }

    fn held() -> Held {
        let mut lost = life("lost", &["DE"], 2001, None);
        lost.placed = false;
        let partnerships =
            vec![life("a", &["DE"], 2000, Some(2002)), life("b", &["DE", "FR"], 2002, None), lost];
        Held { last: Some(2003), partnerships }
    }

    fn values(asked: &Asked, measure: &str, country: Option<&str>) -> Vec<Option<String>> {
        let (rows, _) = count(&held(), asked);
        let of = rows.iter().filter(|row| row.measure == measure && row.country.as_deref() == country);
        of.map(|row| row.value.as_ref().map(ToString::to_string)).collect()
    }

    fn some(of: &[&str]) -> Vec<Option<String>> {
        of.iter().map(|value| Some((*value).to_owned())).collect()
    }

    #[test]
    fn the_stock_is_what_began_less_what_ended() {
        let asked = Asked::default();
        assert_eq!(values(&asked, "started", None), some(&["1", "0", "1", "0"]));
        assert_eq!(values(&asked, "ended", None), some(&["0", "0", "1", "0"]));
        assert_eq!(values(&asked, "active", None), some(&["1", "1", "1", "1"]));
        let (rows, told) = count(&held(), &asked);
        let documents: Vec<_> =
            rows.iter().filter(|row| row.measure == "active").map(|row| row.documents.join(";")).collect();
        assert_eq!(documents, ["d-a", "", "d-a;d-b", ""]);
        assert_eq!(told.iter().map(|notice| notice.code).collect::<Vec<_>>(), ["not_counted"]);
    }

    #[test]
    fn countries_overlap_and_say_so() {
        let asked = Asked { by_country: true, transform: Transform::Share, ..Asked::default() };
        assert_eq!(values(&asked, "active", Some("FR")), some(&["0.0", "0.0", "100.0", "100.0"]));
        assert_eq!(
            values(&asked, "started", Some("DE")),
            [Some("100.0".to_owned()), None, Some("100.0".to_owned()), None]
        );
        assert_eq!(count(&held(), &asked).1.last().unwrap().code, "not_additive");
    }

    #[test]
    fn growth_looks_back_before_the_window() {
        let window = Window { start: "2001".parse().ok(), ..Window::default() };
        let asked = Asked { transform: Transform::Diff, window, ..Asked::default() };
        assert_eq!(values(&asked, "started", None), some(&["-1", "1", "-1"]));
    }
}
