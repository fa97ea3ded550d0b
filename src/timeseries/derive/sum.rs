//! Sums of many tracks.

use super::{Cell, Figure, Releases, Track, weaker};

/// The sums of some tracks, period by period, with how many of the parts that say something have a figure. None where no part has
/// one, or the sum is beyond 64 bits.
pub(super) fn whole<'a>(tracks: impl Iterator<Item = &'a Track> + Clone) -> Track {
    let (first, more) = (tracks.clone().next(), tracks.clone().nth(1));
    if let (Some(only), None) = (first, more) {
        return only.iter().filter_map(|(period, cell)| Some((*period, Sum::of(cell).cell()?))).collect();
    }
    let periods = tracks.clone().flat_map(Track::keys).copied();
    let Some((first, last)) = periods.fold(None, |span: Option<(i32, i32)>, period| {
        Some(span.map_or((period, period), |(first, last)| (first.min(period), last.max(period))))
    }) else {
        return Track::new();
    };
    let length = usize::try_from(i64::from(last) - i64::from(first) + 1).unwrap_or_default();
    let mut sums: Vec<Sum> = Vec::new();
    sums.resize_with(length, Sum::default);
    for (period, cell) in tracks.flat_map(Track::iter) {
        let at = usize::try_from(i64::from(*period) - i64::from(first)).unwrap_or_default();
        sums[at].add(cell);
    }
    (first..).zip(sums).filter_map(|(period, sum)| Some((period, sum.cell()?))).collect()
}

/// A sum while it is made.
#[derive(Default)]
struct Sum {
    value: Option<i64>,
    coverage: (u32, u32),
    joined: Option<(u8, Releases)>,
    is_beyond: bool,
}

impl Sum {
    fn of(cell: &Cell) -> Self {
        let mut sum = Self::default();
        sum.add(cell);
        sum
    }

    fn add(&mut self, cell: &Cell) {
        let exact = cell.exact();
        let (has, of) = cell.coverage.unwrap_or((u32::from(exact.is_some()), 1));
        self.coverage = (self.coverage.0 + has, self.coverage.1 + of);
        let Some(value) = exact else { return };
        let sum = self.value.unwrap_or_default().checked_add(value);
        self.is_beyond |= sum.is_none();
        self.value = sum;
        match &mut self.joined {
            Some((status, releases)) => {
                *status = weaker(*status, cell.status);
                releases.add(&cell.releases);
            }
            None => self.joined = Some((cell.status, cell.releases.clone())),
        }
    }

    fn cell(self) -> Option<Cell> {
        let ((status, releases), value) = (self.joined?, self.value.filter(|_| !self.is_beyond)?);
        let (figure, coverage) = (Some(Figure::Exact(value)), Some(self.coverage));
        Some(Cell { figure, status, releases: releases.sorted(), note: None, coverage, reason: None })
    }
}
