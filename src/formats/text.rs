//! Lists of observations as JSON. An observation mostly differs from the one before it in its period, its figure and its coverage alone,
//! so the rest is copied and not written again: it is the larger part of an answer.

use std::ops::Range;

use memchr::memmem;
use serde::Serialize;

use super::Written;
use super::rows::{Rows, coverage, decimals, printed};
use super::series::point;
use crate::error::{Error, Result};
use crate::timeseries::frame::{Observation, Series};
use crate::timeseries::period::Period;

/// For how many bytes room is made ahead of what is written.
const MOST_AHEAD: usize = 4 << 20;

/// About as many bytes stand behind a list.
const BEHIND: usize = 4 << 10;

/// Adds the rows of a frame to a text, separated by commas.
pub fn add_rows(text: &mut Vec<u8>, written: Written<'_>) -> Result<()> {
    let (mut rows, mut list) = (Rows::new(written), List::new(text, written.frame.len()));
    let all: Vec<(&Series, u32)> =
        written.frame.series.iter().map(|series| (series, decimals(written, series))).collect();
    for (at, place) in written.frame.places() {
        let (series, decimals) = all[at];
        let one = One { at, series, decimals, observation: &series.observations[place] };
        list.add(one, |observation| rows.row(at, observation))?;
    }
    Ok(())
}

/// Adds the observations of a series to a text, separated by commas.
pub fn add_points(text: &mut Vec<u8>, written: Written<'_>, series: &Series) -> Result<()> {
    let (mut list, decimals) = (List::new(text, series.observations.len()), decimals(written, series));
    for observation in &series.observations {
        let one = One { at: 0, series, decimals, observation };
        list.add(one, |observation| point(written, (series, decimals), observation))?;
    }
    Ok(())
}

/// A text with lists in the places of its first empty ones of this name: so many, each added by its number.
pub fn filled(
    text: &[u8],
    (name, count): (&str, usize),
    mut add: impl FnMut(&mut Vec<u8>, usize) -> Result<()>,
) -> Result<Vec<u8>> {
    let empty = format!("\"{name}\":[]");
    let (mut all, mut begin) = (Vec::new(), 0);
    for (number, at) in memmem::find_iter(text, empty.as_bytes()).take(count).enumerate() {
        let inside = at + empty.len() - 1;
        all.extend_from_slice(&text[begin..inside]);
        add(&mut all, number)?;
        begin = inside;
    }
    all.extend_from_slice(&text[begin..]);
    Ok(all)
}

/// An observation with the series that it is of.
#[derive(Clone, Copy)]
struct One<'a> {
    at: usize,
    series: &'a Series,
    decimals: u32,
    observation: &'a Observation,
}

impl One<'_> {
    /// Whether nothing but the period, the figure and the coverage tells it from another one.
    fn is_like(&self, other: &Self) -> bool {
        let (a, b) = (self.observation, other.observation);
        self.at == other.at
            && a.status == b.status
            && a.source == b.source
            && a.releases == b.releases
            && a.note == b.note
            && (a.low_trust, a.derived, a.reason) == (b.low_trust, b.derived, b.reason)
    }
}

/// A list while it is written at the end of a text.
struct List<'a, 't> {
    text: &'t mut Vec<u8>,
    /// How many observations are not written yet.
    left: usize,
    /// What was last written as an object of its own.
    last: Option<(One<'a>, Object)>,
}

impl<'a, 't> List<'a, 't> {
    fn new(text: &'t mut Vec<u8>, count: usize) -> Self {
        Self { text, left: count, last: None }
    }

    /// Adds an observation, as the object that `whole` makes of it.
    fn add<T: Serialize>(&mut self, one: One<'a>, whole: impl FnOnce(&'a Observation) -> T) -> Result<()> {
        if let Some((_, object)) = self.last.as_ref().filter(|(last, _)| last.is_like(&one)) {
            let Object { before, between, behind } = object.clone();
            self.text.extend_from_within(before);
            match Period::new(one.series.frequency, one.observation.period) {
                // Its text has nothing to escape.
                Some(period) => {
                    self.text.push(b'"');
                    self.text.extend_from_slice(period.ascii(&mut [0; _]));
                    self.text.push(b'"');
                }
                None => self.write(&())?,
            }
            self.text.extend_from_slice(VALUE);
            self.write(&one.observation.figure.map(|figure| printed(figure, one.decimals)))?;
            self.text.extend_from_within(between);
            self.write(&coverage(one.observation))?;
            self.text.extend_from_within(behind);
        } else {
            let start = self.text.len();
            self.write(&whole(one.observation))?;
            self.last = Object::within(self.text, start).map(|object| (one, object));
            // The others will be about as long, unless this one has a long note; and something stands behind the list. Where the room
            // falls short by little, all that is written is copied.
            let others = (self.text.len() - start + 1).saturating_mul(self.left);
            self.text.reserve(others.saturating_add(others / 16).min(MOST_AHEAD) + BEHIND);
        }
        self.left = self.left.saturating_sub(1);
        if self.left > 0 {
            self.text.push(b',');
        }
        Ok(())
    }

    fn write(&mut self, value: &impl Serialize) -> Result<()> {
        serde_json::to_writer(&mut *self.text, value)
            .map_err(|error| Error::internal("writing an answer as JSON", error))
    }
}

/// An object within a text: what stands before its period, between its figure and its coverage, and behind that.
#[derive(Clone)]
struct Object {
    before: Range<usize>,
    between: Range<usize>,
    behind: Range<usize>,
}

/// What stands between the period and the figure.
const VALUE: &[u8] = b",\"value\":";

impl Object {
    /// The last one of a text, which begins there. Its keys are found by how they are written: no text within it has a quotation mark
    /// that is not escaped.
    fn within(text: &[u8], start: usize) -> Option<Self> {
        let find = |from: usize, what: &str| Some(from + memmem::find(&text[from..], what.as_bytes())?);
        let period = find(start, "\"period\":")? + "\"period\":".len();
        let status = find(period, ",\"status\":")?;
        let coverage = find(status, "\"coverage\":")? + "\"coverage\":".len();
        let reason = find(coverage, ",\"reason\":")?;
        Some(Self { before: start..period, between: status..coverage, behind: reason..text.len() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::rows::rows;
    use super::*;
    use crate::language::Language;
    use crate::timeseries::answer::Frame;
    use crate::timeseries::dataset::{Dataset, Measure, Vocabulary};
    use crate::timeseries::derive::{Figure, Reason, Releases};
    use crate::timeseries::key::Dimension;
    use crate::timeseries::period::Frequency;
    use crate::timeseries::plan::Transform;

    /// An observation of which most is drawn from few, so that neighbours are often alike.
    fn observation() -> impl Strategy<Value = Observation> {
        let figure = prop_oneof![
            Just(None),
            any::<i32>().prop_map(|value| Some(Figure::Exact(value.into()))),
            (-1e6..1e6).prop_map(|ratio| Some(Figure::Ratio(ratio))),
        ];
        let said = (prop_oneof![Just(b'A'), Just(b'M')], prop_oneof![Just("a"), Just("b\"period\":")]);
        let releases = prop_oneof![Just(None), (1..3).prop_map(|release| Some(Releases::one(release)))];
        let note = prop::option::weighted(0.2, Just("\"coverage\":1,\"reason\":".to_owned()));
        let marks = (
            prop::option::of((0_u32..3, 3_u32..5)),
            prop::option::weighted(0.2, Just(Reason::Gap)),
            any::<bool>(),
        );
        (23_900..24_600, figure, said, releases, note, marks).prop_map(
            |(period, figure, (status, source), releases, note, (coverage, reason, derived))| Observation {
                period,
                figure,
                status,
                source: source.into(),
                releases,
                note: note.map(Into::into),
                low_trust: false,
                derived,
                coverage,
                reason,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_copied_reads_like_what_is_written(
            all in prop::collection::vec(prop::collection::vec(observation(), 0..12), 1..4), decimals in 0_u32..3,
        ) {
            let measure = Measure { code: "sold".to_owned(), decimals, ..Measure::default() };
            let dimensions = vec![Dimension::Measure, Dimension::Source, Dimension::Geo];
            let dataset = Dataset { name: "d".to_owned(), dimensions, measures: vec![measure], ..Dataset::default() };
            let series = all.into_iter().enumerate().map(|(at, observations)| Series {
                group: at.to_string(),
                frequency: Frequency::M,
                codes: vec!["sold".into(), "best".into(), format!("CN-{at}").into()],
                observations,
            });
            let frame = Frame { series: series.collect(), ..Frame::default() };
            let (vocabulary, language) = (Vocabulary::default(), Language::En);
            let written =
                Written { frame: &frame, dataset: &dataset, vocabulary: &vocabulary, language, transform: Transform::Level };
            let mut text = Vec::new();
            add_rows(&mut text, written).unwrap();
            let whole = serde_json::to_string(&rows(written).collect::<Vec<_>>()).unwrap();
            prop_assert_eq!(format!("[{}]", String::from_utf8(text).unwrap()), whole);
            for one in &frame.series {
                let mut text = Vec::new();
                add_points(&mut text, written, one).unwrap();
                let points = one.observations.iter().map(|observation| point(written, (one, decimals), observation));
                let whole = serde_json::to_string(&points.collect::<Vec<_>>()).unwrap();
                prop_assert_eq!(format!("[{}]", String::from_utf8(text).unwrap()), whole);
            }
        }
    }

    #[test]
    fn lists_stand_where_they_are_named_and_texts_are_no_lists() {
        let text = br#"{"a":"\"data\":[]","b":{"data":[]},"c":{"data":[]},"d":{"data":[]}}"#;
        let all = filled(text, ("data", 2), |text, number| {
            text.extend(number.to_string().bytes());
            Ok(())
        });
        let all = String::from_utf8(all.unwrap()).unwrap();
        assert_eq!(all, r#"{"a":"\"data\":[]","b":{"data":[0]},"c":{"data":[1]},"d":{"data":[]}}"#);
    }
}
