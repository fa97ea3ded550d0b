//! Sums as they are kept: each cell with what it is made of, so that parts can be added to it and taken from it again.

use crate::ingest::binary::Rows;

/// Takes the rows that [`Run::encode`] makes.
pub const COPY_CHUNKS: &str =
    "COPY rollup_chunk (series_id, chunk, first_period, \"values\", parts, statuses, releases, mixed)
     FROM STDIN WITH (FORMAT binary)";

/// A figure that is part of sums: its value, `None` where stated as missing, its status, and the release that states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    pub value: Option<i64>,
    pub status: u8,
    pub release: i32,
}

/// How many parts of a cell one release states with one status; below zero in a difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Parts {
    release: i32,
    status: u8,
    count: i32,
}

/// The sum of a period, or the difference that changes make to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sum {
    value: i64,
    /// What most cells are made of.
    first: Parts,
    /// What else there is: for few, so that the many take little room.
    #[expect(clippy::box_collection, reason = "a pointer less in each of millions of sums")]
    others: Option<Box<Vec<Parts>>>,
}

impl Sum {
    /// Adds a figure, or takes it away with a `count` of -1. False where the sum is beyond 64 bits.
    pub fn add(&mut self, figure: Figure, count: i32) -> bool {
        let Figure { value, status, release } = figure;
        let status = if value.is_some() { status } else { b'M' };
        self.count(Parts { release, status, count });
        let value = value.unwrap_or_default().checked_mul(i64::from(count));
        value.and_then(|value| self.value.checked_add(value)).map(|sum| self.value = sum).is_some()
    }

    /// Adds another sum or a difference. False where the sum is beyond 64 bits.
    pub fn join(&mut self, other: &Self) -> bool {
        for parts in other.parts() {
            self.count(parts);
        }
        self.value.checked_add(other.value).map(|sum| self.value = sum).is_some()
    }

    fn count(&mut self, parts: Parts) {
        let is_same = |known: &Parts| (known.release, known.status) == (parts.release, parts.status);
        if is_same(&self.first) {
            self.first.count += parts.count;
        } else if self.first.count == 0 && self.others.is_none() {
            self.first = parts;
        } else {
            let others = self.others.get_or_insert_default();
            match others.iter_mut().find(|known| is_same(known)) {
                Some(known) => known.count += parts.count,
                None => others.push(parts),
            }
        }
        self.tidy();
    }

    /// Forgets what there is nothing of any more.
    fn tidy(&mut self) {
        if let Some(others) = &mut self.others {
            others.retain(|parts| parts.count != 0);
            if self.first.count == 0 {
                self.first = others.pop().unwrap_or_default();
            }
            if others.is_empty() {
                self.others = None;
            }
        } else if self.first.count == 0 {
            self.first = Parts::default();
        }
    }

    fn parts(&self) -> impl Iterator<Item = Parts> {
        [self.first]
            .into_iter()
            .filter(|parts| parts.count != 0)
            .chain(self.others.iter().flat_map(|others| others.iter().copied()))
    }

    /// Whether it is made of nothing. Of a difference the parts may cancel while their values do not.
    pub fn is_empty(&self) -> bool {
        self.first.count == 0 && self.value == 0
    }

    /// The sum; `None` where no part of it is stated.
    fn value(&self) -> Option<i64> {
        self.parts().any(|parts| parts.status != b'M').then_some(self.value)
    }
}

/// The cells of a chunk, one after the other from a period on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    first: i32,
    cells: Vec<Sum>,
}

/// Where the cells of a series that are made of something begin and end, and how many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    pub first: Option<i32>,
    pub last: Option<i32>,
    pub observations: i32,
}

impl Run {
    /// The cell of a period.
    pub fn cell(&mut self, period: i32) -> &mut Sum {
        if self.cells.is_empty() {
            self.first = period;
        }
        if period < self.first {
            let before = usize::try_from(self.first - period).unwrap_or_default();
            self.cells.splice(0..0, std::iter::repeat_n(Sum::default(), before));
            self.first = period;
        }
        let at = usize::try_from(period - self.first).unwrap_or_default();
        if at >= self.cells.len() {
            self.cells.resize(at + 1, Sum::default());
        }
        &mut self.cells[at]
    }

    /// The cells that are made of something, by period.
    pub fn cells(&self) -> impl Iterator<Item = (i32, &Sum)> {
        (self.first..).zip(&self.cells).filter(|(_, cell)| !cell.is_empty())
    }

    /// Adds differences. False where a sum is beyond 64 bits.
    pub fn join(&mut self, other: &Self) -> bool {
        other.cells().all(|(period, difference)| self.cell(period).join(difference))
    }

    /// Whether it can be put behind stored cells as it is: nothing is taken away by it, and each cell is of one release and status.
    pub fn only_adds(&self) -> bool {
        self.cells.iter().all(|cell| cell.others.is_none() && cell.first.count >= 0)
    }

    /// The first and last period that is made of something.
    pub fn bounds(&self) -> Option<(i32, i32)> {
        Some((self.cells().next()?.0, self.cells().last()?.0))
    }

    /// Adds its row of this series and number for [`COPY_CHUNKS`]; none where all cells are made of nothing.
    pub fn encode(&self, (series, number): (i64, i32), rows: &mut Rows) {
        let Some(row) = self.row() else { return };
        rows.begin(8);
        rows.bigint(series);
        rows.integer(number);
        rows.integer(row.first_period);
        row.encode(rows);
    }

    /// As a row is stored; none where all cells are made of nothing.
    pub fn row(&self) -> Option<Row> {
        let first = self.cells.iter().position(|cell| !cell.is_empty())?;
        let last = self.cells.iter().rposition(|cell| !cell.is_empty())?;
        let cells = &self.cells[first..=last];
        let mut mixed = Vec::new();
        let mut releases = Vec::with_capacity(cells.len());
        for (at, cell) in (0..).zip(cells) {
            let is_mixed = cell.others.is_some();
            releases.push((!is_mixed && !cell.is_empty()).then_some(cell.first.release));
            for parts in cell.parts().filter(|_| is_mixed) {
                mixed.extend([at, parts.release, i32::from(parts.status), parts.count]);
            }
        }
        let letter = |cell: &Sum| if cell.first.status == 0 { b'A' } else { cell.first.status };
        let letters: Vec<u8> = cells.iter().map(letter).collect();
        Some(Row {
            first_period: self.first + i32::try_from(first).unwrap_or_default(),
            values: cells.iter().map(Sum::value).collect(),
            parts: cells.iter().map(|cell| cell.parts().map(|parts| parts.count).sum()).collect(),
            statuses: letters.iter().any(|letter| *letter != b'A').then_some(letters),
            releases,
            mixed: (!mixed.is_empty()).then_some(mixed),
        })
    }

    /// The cells of a stored row.
    pub fn decode(row: Row) -> Self {
        let Row { first_period, values, parts, statuses, releases, mixed } = row;
        let letter = |at: usize| statuses.as_ref().and_then(|all| all.get(at)).copied().unwrap_or(b'A');
        let each = values.into_iter().zip(parts).zip(releases).enumerate();
        let cells = each.map(|(at, ((value, count), release))| {
            let first = release.map(|release| Parts { release, status: letter(at), count });
            Sum { value: value.unwrap_or_default(), first: first.unwrap_or_default(), others: None }
        });
        let mut run = Self { first: first_period, cells: cells.collect() };
        for entry in mixed.unwrap_or_default().chunks_exact(4) {
            let cell = usize::try_from(entry[0]).ok().and_then(|at| run.cells.get_mut(at));
            let status = u8::try_from(entry[2]).unwrap_or(b'A');
            if let Some(cell) = cell {
                cell.count(Parts { release: entry[1], status, count: entry[3] });
            }
        }
        run
    }
}

/// A row of sums as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    pub first_period: i32,
    pub values: Vec<Option<i64>>,
    pub parts: Vec<i32>,
    pub statuses: Option<Vec<u8>>,
    pub releases: Vec<Option<i32>>,
    pub mixed: Option<Vec<i32>>,
}

impl Row {
    /// Adds its fields behind the first period to a row that is begun.
    pub fn encode(self, rows: &mut Rows) {
        rows.bigints(&self.values);
        rows.integers(&self.parts.into_iter().map(Some).collect::<Vec<_>>());
        match &self.statuses {
            Some(letters) => rows.bytes(letters),
            None => rows.null(),
        }
        rows.integers(&self.releases);
        match self.mixed {
            Some(mixed) => rows.integers(&mixed.into_iter().map(Some).collect::<Vec<_>>()),
            None => rows.null(),
        }
    }
}

impl Extent {
    /// That of the cells of some chunks in the order of their periods.
    pub fn of<'a>(chunks: impl Iterator<Item = &'a Run>) -> Self {
        let mut extent = Self::default();
        for (period, _) in chunks.flat_map(Run::cells) {
            extent.first.get_or_insert(period);
            extent.last = Some(period);
            extent.observations += 1;
        }
        extent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: i64, status: u8, release: i32) -> Figure {
        Figure { value: Some(value), status, release }
    }

    #[test]
    fn what_is_taken_away_leaves_what_was_there() {
        let all = [figure(5, b'A', 1), figure(7, b'P', 2), figure(11, b'A', 1), figure(-3, b'A', 3)];
        let missing = Figure { value: None, status: b'M', release: 2 };
        let mut sum = Sum::default();
        for figure in all.into_iter().chain([missing]) {
            assert!(sum.add(figure, 1));
        }
        assert_eq!(sum.value(), Some(20));
        for figure in [all[0], all[2], all[3]] {
            assert!(sum.add(figure, -1));
        }
        let mut left = Sum::default();
        assert!(left.add(missing, 1) && left.add(all[1], 1));
        assert_eq!(sum.value(), Some(7));
        assert_eq!(sum.parts().collect::<std::collections::BTreeSet<_>>(), left.parts().collect());
        assert!(sum.add(all[1], -1));
        assert_eq!((sum.value(), sum.is_empty()), (None, false));
        assert!(sum.add(missing, -1));
        assert!(sum.is_empty());
    }

    #[test]
    fn a_difference_counts_though_its_parts_cancel() {
        let mut run = Run::default();
        assert!(run.cell(7).add(figure(3, b'A', 1), 1));
        let mut difference = Run::default();
        assert!(
            difference.cell(7).add(figure(5, b'A', 1), 1) && difference.cell(7).add(figure(3, b'A', 1), -1)
        );
        assert!(run.join(&difference));
        assert_eq!(run.cells().map(|(_, sum)| sum.value()).collect::<Vec<_>>(), [Some(5)]);
    }

    #[test]
    fn a_sum_beyond_64_bits_is_told() {
        let mut sum = Sum::default();
        assert!(sum.add(figure(i64::MAX, b'A', 1), 1));
        assert!(!sum.add(figure(1, b'A', 1), 1));
    }

    #[test]
    fn a_run_grows_at_both_ends() {
        let mut run = Run::default();
        for period in [30, 32, 28] {
            assert!(run.cell(period).add(figure(i64::from(period), b'A', 1), 1));
        }
        let found: Vec<_> = run.cells().map(|(period, cell)| (period, cell.value())).collect();
        assert_eq!(found, [(28, Some(28)), (30, Some(30)), (32, Some(32))]);
        assert_eq!(
            Extent::of([&run].into_iter()),
            Extent { first: Some(28), last: Some(32), observations: 3 }
        );
    }
}
