//! The pipeline put together: reads batch by batch, chooses sources, cuts the window, and stops where the page is full.

use super::fetch::Reader;
use super::frame::{Series, answer, source_at};
use super::sql::From;
use crate::error::{Error, Result};
use crate::words::words;

/// Series in the order of their keys, or observations in an order of their own.
#[derive(Debug, Default)]
pub struct Frame {
    /// The series. On a page the first and the last may lack observations that stand on other pages.
    pub series: Vec<Series>,
    /// The observations as they are sorted, each by its series and its place in that; `None` is series by series.
    pub order: Option<Vec<(usize, usize)>>,
    /// The place behind which the next page begins; `None` where nothing follows.
    pub next: Option<Place>,
    /// Figures of the past state whose first document came over 24 months late, or is undated.
    pub late: usize,
}

/// The place of one observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The key of its series without the source.
    pub group: String,
    /// The source of its series; `best` where the best is chosen.
    pub source: String,
    /// Its period.
    pub period: i32,
}

/// In which order observations stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// By series, then by period.
    Series,
    /// By period, then by series.
    Period {
        /// The latest first.
        descending: bool,
    },
    /// By value, then by series and period; what is stated as missing comes last.
    Value {
        /// The largest first.
        descending: bool,
    },
}

impl Sort {
    /// Every order with the word that `sort=` takes.
    pub const ALL: [(&'static str, Self); 5] = [
        ("series", Self::Series),
        ("period", Self::Period { descending: false }),
        ("-period", Self::Period { descending: true }),
        ("value", Self::Value { descending: false }),
        ("-value", Self::Value { descending: true }),
    ];
}

words! {
    /// The order of observations.
    SortWord = Sort::ALL.map(|(word, _)| word);
}

impl Frame {
    /// How many observations it holds.
    pub fn len(&self) -> usize {
        self.order.as_ref().map_or_else(|| self.series.iter().map(|s| s.observations.len()).sum(), Vec::len)
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The observations in order, each by its series and its place in that.
    pub fn places(&self) -> Vec<(usize, usize)> {
        let by_series = self.series.iter().enumerate();
        self.order.clone().unwrap_or_else(|| {
            by_series.flat_map(|(at, series)| (0..series.observations.len()).map(move |o| (at, o))).collect()
        })
    }
}

/// Up to `limit` observations behind a place, series by series.
pub async fn page(reader: &Reader<'_>, after: Option<Place>, limit: usize) -> Result<Frame> {
    let mut frame = Frame::default();
    let mut from = after.as_ref().map_or(From::Start, |place| From::At(place.group.clone()));
    let mut room = limit;
    let at = source_at(reader.dataset);
    loop {
        let batch = reader.batch(&from).await?;
        frame.late += batch.late;
        for group in batch.groups {
            let mut answered = answer(reader.plan, reader.dataset, reader.vocabulary, group);
            if let Some(place) =
                after.as_ref().filter(|p| answered.first().is_some_and(|s| s.group == p.group))
            {
                skip(&mut answered, at, place);
            }
            for mut series in answered {
                if room == 0 {
                    frame.next = frame.series.last().and_then(|last| place_of(last, at));
                    return Ok(frame);
                }
                let over = series.observations.len() > room;
                series.observations.truncate(room);
                room -= series.observations.len();
                let place = place_of(&series, at);
                frame.series.push(series);
                if over {
                    frame.next = place;
                    return Ok(frame);
                }
            }
        }
        match batch.next {
            Some(next) => from = next,
            None => return Ok(frame),
        }
    }
}

/// Every observation; more than `most` are refused with their estimated number.
pub async fn whole(reader: &Reader<'_>, most: usize, way_out: &str) -> Result<Frame> {
    let frame = page(reader, None, most).await?;
    if frame.next.is_none() {
        return Ok(frame);
    }
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    let estimate = reader.estimate().await?.max(limit + 1);
    Err(Error::TooLarge { estimate, limit, way_out: way_out.to_owned() })
}

/// A page of observations that stand in another order than series by series.
pub fn sorted(mut frame: Frame, sort: Sort, after: Option<&Place>, (limit, at): (usize, usize)) -> Frame {
    let mut order = frame.places();
    let observation = |place: &(usize, usize)| &frame.series[place.0].observations[place.1];
    match sort {
        Sort::Series => {}
        Sort::Period { descending } => order.sort_by_key(|place| {
            let day = super::period::Period::new(frame.series[place.0].frequency, observation(place).period)
                .map(super::period::Period::last_day);
            let ordinal = day.map_or(0, |day| chrono::Datelike::num_days_from_ce(&day));
            if descending { -ordinal } else { ordinal }
        }),
        Sort::Value { descending } => order.sort_by_key(|place| {
            let value = observation(place).value;
            (value.is_none(), value.map(|v| if descending { -i128::from(v) } else { i128::from(v) }))
        }),
    }
    let key = |&(series, at_period): &(usize, usize)| {
        let series = &frame.series[series];
        Place {
            group: series.group.clone(),
            source: series.codes[at].clone(),
            period: series.observations[at_period].period,
        }
    };
    if let Some(after) = after {
        let behind = order.iter().position(|place| key(place) == *after).map_or(order.len(), |i| i + 1);
        order.drain(..behind);
    }
    let next = (order.len() > limit).then(|| key(&order[limit - 1]));
    order.truncate(limit);
    frame.next = next;
    frame.order = Some(order);
    frame
}

/// Leaves out of a group what stands before a place or at it.
fn skip(group: &mut Vec<Series>, at: usize, place: &Place) {
    let before = group.iter().position(|s| s.codes[at] == place.source).unwrap_or(0);
    group.drain(..before);
    if let Some(first) = group.first_mut().filter(|s| s.codes[at] == place.source) {
        first.observations.retain(|o| o.period > place.period);
    }
    group.retain(|series| !series.observations.is_empty());
}

fn place_of(series: &Series, at: usize) -> Option<Place> {
    let last = series.observations.last()?;
    Some(Place { group: series.group.clone(), source: series.codes[at].clone(), period: last.period })
}
