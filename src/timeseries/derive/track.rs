//! The figures of one source, by period.

use super::Cell;

/// The figures of one source, by period: most are made and read in the order of their periods.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Track(Vec<(i32, Cell)>);

impl Track {
    /// None.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// None yet, with room for so many.
    pub fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// Makes room for so many more, and no further ones: there may be very many tracks.
    pub fn reserve(&mut self, count: usize) {
        self.0.reserve_exact(count);
    }

    /// Where a period is, or where it would stand.
    fn find(&self, period: i32) -> Result<usize, usize> {
        let Some((first, _)) = self.0.first() else { return Err(0) };
        // Mostly no period lacks.
        let guess = usize::try_from(i64::from(period) - i64::from(*first)).ok();
        if let Some(at) = guess.filter(|at| self.0.get(*at).is_some_and(|(there, _)| *there == period)) {
            return Ok(at);
        }
        if self.0.last().is_some_and(|(last, _)| *last < period) {
            return Err(self.0.len());
        }
        self.0.binary_search_by_key(&period, |(there, _)| *there)
    }

    /// Says something of a period, in the place of what was said of it.
    pub fn insert(&mut self, period: i32, cell: Cell) {
        if self.0.last().is_none_or(|(last, _)| *last < period) {
            return self.0.push((period, cell));
        }
        match self.find(period) {
            Ok(at) => self.0[at].1 = cell,
            Err(at) => self.0.insert(at, (period, cell)),
        }
    }

    /// Says something of a period of which nothing is said.
    pub fn or_insert(&mut self, period: i32, cell: Cell) {
        if let Err(at) = self.find(period) {
            self.0.insert(at, (period, cell));
        }
    }

    /// What is said of a period.
    pub fn get(&self, period: &i32) -> Option<&Cell> {
        self.find(*period).ok().map(|at| &self.0[at].1)
    }

    /// What is said, by period.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&i32, &Cell)> {
        self.0.iter().map(|(period, cell)| (period, cell))
    }

    /// The periods of which something is said.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &i32> {
        self.0.iter().map(|(period, _)| period)
    }

    /// Whether nothing is said.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Of how many periods something is said.
    pub const fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<(i32, Cell)> for Track {
    fn from_iter<I: IntoIterator<Item = (i32, Cell)>>(all: I) -> Self {
        let all = all.into_iter();
        let mut track = Self::with_capacity(all.size_hint().0);
        all.for_each(|(period, cell)| track.insert(period, cell));
        track
    }
}

impl IntoIterator for Track {
    type Item = (i32, Cell);
    type IntoIter = std::vec::IntoIter<(i32, Cell)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::Releases;
    use super::*;

    fn cell(release: i32) -> Cell {
        let releases = Releases::one(release);
        Cell { figure: None, status: b'M', releases, note: None, coverage: None, reason: None }
    }

    proptest! {
        #[test]
        fn what_is_said_is_found_in_the_order_of_its_periods(
            said in prop::collection::vec((-20_i32..20, any::<bool>()), 0..60),
        ) {
            let (mut track, mut map) = (Track::new(), BTreeMap::new());
            for (release, (period, replaces)) in (0..).zip(said) {
                if replaces {
                    track.insert(period, cell(release));
                    map.insert(period, cell(release));
                } else {
                    track.or_insert(period, cell(release));
                    map.entry(period).or_insert(cell(release));
                }
            }
            prop_assert!(track.iter().eq(map.iter()));
            for period in -25..25 {
                prop_assert_eq!(track.get(&period), map.get(&period));
            }
            prop_assert_eq!(track.into_iter().collect::<BTreeMap<_, _>>(), map);
        }
    }
}
