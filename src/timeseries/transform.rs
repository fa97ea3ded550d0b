//! What is computed of the figures of a series. Periods are matched by the calendar, both ends of a growth are of one source,
//! and where nothing can be computed the answer is null with a reason.

use super::derive::{Cell, Figure, Reason, Releases, mean, weaker};
use super::frame::{Observation, Series, Voice};
use super::period::Frequency;
use super::plan::{Fill, Plan, Transform};

/// What stands for one period before anything is computed of it.
#[derive(Debug, Clone, Copy)]
pub struct Level<'a> {
    /// Who says it.
    pub voice: &'a Voice<'a>,
    /// What it says.
    pub cell: &'a Cell,
    /// Of which period.
    pub period: i32,
}

/// The observations of a series of this frequency and these decimals: for each period the first source that speaks,
/// transformed.
pub fn observations(
    plan: &Plan,
    (frequency, decimals): (Frequency, u32),
    voices: &[Voice<'_>],
    keeps_partial: bool,
) -> Vec<Observation> {
    let levels = levels(voices, keeps_partial);
    if plan.transform == Transform::Level {
        return levels.map(|level| level.voice.says(level.period, level.cell)).collect();
    }
    levels.map(|level| transformed(plan.transform, (frequency, decimals), voices, level)).collect()
}

/// For each period what the first source says that speaks.
pub fn levels<'a>(voices: &'a [Voice<'a>], keeps_partial: bool) -> impl Iterator<Item = Level<'a>> {
    let mut periods: Vec<i32> = voices.iter().flat_map(|v| v.standing().map(|(p, _)| p)).collect();
    if voices.len() > 1 {
        periods.sort_unstable();
        periods.dedup();
    }
    periods.into_iter().filter_map(move |period| level(voices, period, keeps_partial))
}

impl Voice<'_> {
    /// What the source says while it counts.
    fn standing(&self) -> impl Iterator<Item = (i32, &Cell)> {
        self.track
            .iter()
            .filter(|(period, _)| self.until.is_none_or(|until| **period <= until))
            .map(|(p, c)| (*p, c))
    }

    /// The whole figures of the source while it counts.
    pub fn whole(&self) -> impl Iterator<Item = (i32, i64)> {
        self.standing().filter(|(_, cell)| cell.counts()).filter_map(|(p, cell)| Some((p, cell.exact()?)))
    }

    /// What it says of one period.
    pub fn at(&self, period: i32) -> Option<&Cell> {
        self.track.get(&period).filter(|_| self.until.is_none_or(|until| period <= until))
    }

    /// An observation of it.
    pub fn says(&self, period: i32, cell: &Cell) -> Observation {
        Observation::new(period, &self.source, cell, self.low_trust)
    }
}

impl Level<'_> {
    /// The figure where it is whole, else why nothing can be computed with it.
    pub fn counting(&self) -> Result<&Cell, Reason> {
        if self.cell.counts() {
            return Ok(self.cell);
        }
        let lacking = if self.cell.figure.is_some() { Reason::Partial } else { Reason::Gap };
        Err(self.cell.reason.unwrap_or(lacking))
    }

    /// What is computed of it, or that nothing can be.
    pub fn told(&self, computed: Result<Observation, Reason>) -> Observation {
        match computed {
            Ok(observation) => Observation { derived: true, ..observation },
            Err(reason) => Observation {
                figure: None,
                note: None,
                derived: true,
                coverage: None,
                reason: Some(reason),
                ..self.voice.says(self.period, self.cell)
            },
        }
    }
}

/// The first source that has the whole figure, else the first that has an incomplete one, where those are kept, else the first
/// that states it as missing.
fn level<'a>(voices: &'a [Voice<'a>], period: i32, keeps_partial: bool) -> Option<Level<'a>> {
    let all = || voices.iter().filter_map(|voice| Some(Level { voice, cell: voice.at(period)?, period }));
    all()
        .find(|level| level.cell.counts())
        .or_else(|| all().find(|level| keeps_partial && level.cell.figure.is_some()))
        .or_else(|| all().find(|level| level.cell.figure.is_none()))
}

/// What is computed for one period: by the first source that has all that it takes, else the reason why by none.
fn transformed(
    transform: Transform,
    (frequency, decimals): (Frequency, u32),
    voices: &[Voice<'_>],
    level: Level<'_>,
) -> Observation {
    let taken = taken(transform, frequency, level.period);
    let has_all = |voice: &&Voice| taken.iter().all(|period| voice.at(*period).is_some_and(Cell::counts));
    level.told(match voices.iter().find(has_all) {
        Some(voice) => {
            computed((transform, decimals), &taken, voice).map(|cell| voice.says(level.period, &cell))
        }
        None => Err(lacking(voices, &taken)),
    })
}

/// The periods that a transform of one period takes, the first of them the one that a growth is measured from.
fn taken(transform: Transform, frequency: Frequency, period: i32) -> Vec<i32> {
    let year = frequency.per_year();
    match transform {
        // A share or a rank is of the figure itself, against those of other series.
        Transform::Level | Transform::Share | Transform::Rank => vec![period],
        Transform::Diff | Transform::Pct => vec![period - 1, period],
        Transform::Yoy | Transform::YoyDiff => vec![period - year, period],
        Transform::Ytd => (period.div_euclid(year) * year..=period).collect(),
        Transform::Index(base) => vec![base.ordinal(), period],
        Transform::MovingAverage(n) => (period - i32::from(n) + 1..=period).collect(),
    }
}

/// Why no one source has all the periods.
fn lacking(voices: &[Voice<'_>], taken: &[i32]) -> Reason {
    let all_have = |what: fn(&Cell) -> bool| {
        taken.iter().all(|period| voices.iter().any(|voice| voice.at(*period).is_some_and(what)))
    };
    if all_have(Cell::counts) {
        Reason::SourceChange
    } else if all_have(|cell| cell.figure.is_some()) {
        Reason::Partial
    } else {
        Reason::Gap
    }
}

/// What is computed of the figures of one source that has them all.
fn computed(
    (transform, decimals): (Transform, u32),
    taken: &[i32],
    voice: &Voice<'_>,
) -> Result<Cell, Reason> {
    let cells: Vec<&Cell> = taken.iter().filter_map(|period| voice.at(*period)).collect();
    let (Some(from), Some(to)) = (taken.iter().min(), taken.iter().max()) else { return Err(Reason::Gap) };
    // The break itself is comparable with what follows it, not with what is before.
    let broken = |(p, cell): (i32, &Cell)| p > *from && p <= *to && cell.status == b'B';
    if voice.standing().any(broken) {
        return Err(Reason::Break);
    }
    let figure = arithmetic(transform, &cells, decimals)?;
    let mut releases: Option<Releases> = None;
    let mut status = b'A';
    for cell in &cells {
        status = weaker(status, cell.status);
        match &mut releases {
            Some(all) => all.add(&cell.releases),
            None => releases = Some(cell.releases.clone()),
        }
    }
    let releases = releases.ok_or(Reason::Gap)?;
    Ok(Cell { figure: Some(figure), status, releases, note: None, coverage: None, reason: None })
}

/// Exact where whole numbers stay whole; a ratio is computed once, from exact numbers.
#[expect(clippy::cast_precision_loss, reason = "a ratio is of doubles; figures are far below 2^53")]
fn arithmetic(transform: Transform, cells: &[&Cell], decimals: u32) -> Result<Figure, Reason> {
    let exact: Option<Vec<i64>> = cells.iter().map(|cell| cell.exact()).collect();
    let double = |cell: &Cell| match cell.figure {
        Some(Figure::Exact(value)) => value as f64,
        Some(Figure::Ratio(value)) => value,
        None => f64::NAN,
    };
    let (Some(first), Some(last)) = (cells.first(), cells.last()) else { return Err(Reason::Gap) };
    let (base, value) = (double(first), double(last));
    let over = |ratio: f64| if base == 0.0 { Err(Reason::Zero) } else { Ok(Figure::Ratio(ratio)) };
    match (transform, exact) {
        (Transform::Diff | Transform::YoyDiff, Some(exact)) => Ok(Figure::Exact(exact[1] - exact[0])),
        (Transform::Diff | Transform::YoyDiff, None) => Ok(Figure::Ratio(value - base)),
        (Transform::Pct | Transform::Yoy, Some(exact)) => {
            over(hundredfold(exact[1] - exact[0]) / exact[0] as f64)
        }
        (Transform::Pct | Transform::Yoy, None) => over((value - base) * 100.0 / base),
        (Transform::Index(_), Some(exact)) => over(hundredfold(exact[1]) / exact[0] as f64),
        (Transform::Index(_), None) => over(value * 100.0 / base),
        (Transform::Ytd, Some(exact)) => Ok(Figure::Exact(exact.iter().sum())),
        (Transform::MovingAverage(n), Some(exact)) => Ok(mean(exact.iter().sum(), u32::from(n), decimals)),
        (Transform::MovingAverage(n), None) => {
            Ok(Figure::Ratio(cells.iter().map(|c| double(c)).sum::<f64>() / f64::from(n)))
        }
        (Transform::Ytd, None) => Ok(Figure::Ratio(cells.iter().map(|c| double(c)).sum())),
        (Transform::Level | Transform::Share | Transform::Rank, _) => last.figure.ok_or(Reason::Gap),
    }
}

/// A hundred times a whole number, so that a percentage is rounded once: 107 over 100 is 7, not 7.000000000000001.
#[expect(clippy::cast_precision_loss, reason = "figures are far below 2^53")]
pub fn hundredfold(value: i64) -> f64 {
    (i128::from(value) * 100) as f64
}

/// Fills the periods between the first and the last figure of which nothing is stated.
pub fn fill(series: &mut Series, fill: Fill) {
    if fill == Fill::None {
        return;
    }
    let mut filled: Vec<Observation> = Vec::with_capacity(series.observations.len());
    for observation in std::mem::take(&mut series.observations) {
        while let Some(before) = filled.last().filter(|before| before.period + 1 < observation.period) {
            let missing = match fill {
                // Where the figure before is null itself there is nothing to carry on.
                Fill::Previous if before.figure.is_some() => Observation {
                    period: before.period + 1,
                    status: b'I',
                    derived: true,
                    note: None,
                    ..before.clone()
                },
                _ => Observation {
                    period: before.period + 1,
                    figure: None,
                    status: b'M',
                    releases: None,
                    note: None,
                    derived: true,
                    coverage: None,
                    reason: Some(Reason::NotStated),
                    ..before.clone()
                },
            };
            filled.push(missing);
        }
        filled.push(observation);
    }
    series.observations = filled;
}
