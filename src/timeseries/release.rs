//! What a release changed: cells where another figure holds with it than with the releases before it alone.

use serde::Serialize;
use utoipa::ToSchema;

use super::fetch::{Listed, Reader};
use super::frame::{Series, source_at};
use super::key::series_id;
use super::overlay::{self, Statement, Winner, winner};
use crate::error::Result;

/// What a release did to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = FigureChange)]
pub enum Kind {
    /// Nothing held before.
    New,
    /// Another figure or status held before.
    Revised,
    /// A figure held before and none does with it.
    Withdrawn,
    /// It states another figure than the one that a newer document had already stated, which still holds.
    Outdated,
}

impl Kind {
    /// Every kind with its word.
    pub const ALL: [(&'static str, Self); 4] = [
        ("new", Self::New),
        ("revised", Self::Revised),
        ("withdrawn", Self::Withdrawn),
        ("outdated", Self::Outdated),
    ];
}

/// A figure at one moment: value and status.
pub type Said = (Option<i64>, u8);

/// What a release did to one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// In which way.
    pub kind: Kind,
    /// What holds with it, or what it states where that is outdated; `None` where withdrawn.
    pub now: Option<Said>,
    /// What held before it, with the release that stated it; `None` where nothing did.
    pub before: Option<(Said, i32)>,
}

/// A change of one figure.
#[derive(Debug, Clone)]
pub struct Change {
    /// The series, without observations.
    pub series: Series,
    /// The period, as the integer of the series' frequency.
    pub period: i32,
    /// What happened.
    pub effect: Effect,
    /// What the release's document says of the figure.
    pub note: Option<String>,
}

/// The place of a change: group key, source, period.
pub type Place = (String, String, i32);

/// How many series are read at once.
const BATCH: usize = 500;

/// Up to `limit` changes by a release behind a place, of one kind or all, by series and period.
pub async fn changes(
    reader: &Reader<'_>,
    release: i32,
    after: Option<Place>,
    (limit, kind): (usize, Option<Kind>),
) -> Result<Vec<Change>> {
    // What it corrects says where figures are that it no longer states.
    let all = reader.vocabulary.releases.iter();
    let corrected = all.filter(|(_, r)| r.superseded_by == Some(release)).map(|(id, _)| *id);
    let speaking: Vec<i32> = corrected.chain([release]).collect();
    let mut place = after.unwrap_or_else(|| (String::new(), String::new(), i32::MIN));
    let mut changes = Vec::new();
    loop {
        let from = (place.0.clone(), place.1.clone());
        let listed = reader.touched(&speaking, from, BATCH).await?;
        let found = batch(reader, release, &listed, &place).await?;
        changes.extend(found.into_iter().filter(|change| kind.is_none_or(|kind| change.effect.kind == kind)));
        let Some(last) = listed.last().filter(|_| listed.len() == BATCH && changes.len() < limit) else {
            changes.truncate(limit);
            return Ok(changes);
        };
        let source = last.series.codes[source_at(reader.dataset)].to_string();
        place = (last.series.group.clone(), source, i32::MAX);
    }
}

/// The changes of some series behind a place.
async fn batch(reader: &Reader<'_>, release: i32, listed: &[Listed], after: &Place) -> Result<Vec<Change>> {
    let ids: Vec<i64> = listed.iter().map(|one| series_id(&one.series.key(reader.dataset))).collect();
    let (cells, past) = reader.vintages(&ids).await?;
    let at = source_at(reader.dataset);
    let mut changes = Vec::new();
    for ((one, id), cells) in listed.iter().zip(ids).zip(cells) {
        let series = &one.series;
        let here = series.group == after.0 && series.codes[at] == after.1;
        for (period, statements) in cells.into_iter().filter(|(period, _)| !here || *period > after.2) {
            if let Some(effect) = effect(statements, release) {
                let (series, note) = (series.clone(), past.note(id, period, release));
                changes.push(Change { series, period, effect, note });
            }
        }
    }
    Ok(changes)
}

/// What a release did to a cell; `None` where it changed nothing. It counts here even where it was withdrawn later.
pub fn effect(mut statements: Vec<Statement>, release: i32) -> Option<Effect> {
    for own in statements.iter_mut().filter(|s| s.origin.release == release) {
        own.origin.withdrawn = false;
    }
    let said = |w: Winner| ((w.value, w.status), w.release);
    let before = winner(&statements, None, Some(release - 1)).map(said);
    let now = winner(&statements, None, Some(release)).map(|w| said(w).0);
    if now != before.map(|(said, _)| said) {
        let kind = match (before, now) {
            (None, _) => Kind::New,
            (_, None) => Kind::Withdrawn,
            _ => Kind::Revised,
        };
        return Some(Effect { kind, now, before });
    }
    let own = statements.iter().find(|s| s.origin.release == release && s.kind == overlay::Kind::Stated)?;
    let stated = Some((own.value, own.status));
    (stated != now).then_some(Effect { kind: Kind::Outdated, now: stated, before })
}

#[cfg(test)]
mod tests {
    use super::super::overlay::Origin;
    use super::*;

    fn stated(release: i32, year: i32, value: i64) -> Statement {
        let published = chrono::NaiveDate::from_ymd_opt(year, 6, 1);
        let origin = Origin { release, published, superseded_by: None, withdrawn: false };
        Statement { origin, kind: overlay::Kind::Stated, value: Some(value), status: b'A' }
    }

    fn kind(statements: &[Statement], release: i32) -> Option<Kind> {
        effect(statements.to_vec(), release).map(|effect| effect.kind)
    }

    #[test]
    fn a_figure_is_new_then_revised_and_restating_it_is_no_change() {
        let cell = [stated(1, 2020, 100), stated(2, 2021, 105), stated(3, 2022, 105)];
        assert_eq!([1, 2, 3].map(|r| kind(&cell, r)), [Some(Kind::New), Some(Kind::Revised), None]);
        let revised = effect(cell.to_vec(), 2).unwrap();
        assert_eq!((revised.now, revised.before), (Some((Some(105), b'A')), Some(((Some(100), b'A'), 1))));
    }

    #[test]
    fn an_older_document_that_comes_later_is_outdated() {
        let cell = [stated(1, 2022, 100), stated(2, 2020, 90)];
        assert_eq!(kind(&cell, 2), Some(Kind::Outdated));
    }

    #[test]
    fn a_correction_that_no_longer_states_a_figure_withdraws_it() {
        let mut dropped = stated(1, 2020, 100);
        dropped.origin.superseded_by = Some(4);
        assert_eq!(kind(&[dropped], 4), Some(Kind::Withdrawn));
        assert_eq!(kind(&[dropped], 1), Some(Kind::New));
    }

    #[test]
    fn a_withdrawn_release_still_says_what_it_changed() {
        let mut gone = stated(2, 2021, 105);
        gone.origin.withdrawn = true;
        assert_eq!(kind(&[stated(1, 2020, 100), gone], 2), Some(Kind::Revised));
    }
}
