//! Stored series that are stated beside all that is below them.

use foldhash::fast::RandomState;
use foldhash::{HashMap, HashSet, HashSetExt as _};
use indexmap::IndexSet;
use smol_str::SmolStr;

use super::combined::{Combination, NONE, combinations};
use crate::timeseries::dataset::{Dataset, Vocabulary};
use crate::timeseries::key::Dimension;
use crate::timeseries::period::Frequency;
use crate::timeseries::rollup::Grain;
use crate::timeseries::target::Stored;

/// The series that have others below them in every dimension, or at the same code: what they state is in the others already. A
/// maker of a group that makes cars itself has none, since its models are no other's.
pub fn coarse((dataset, vocabulary): (&Dataset, &Vocabulary), stored: &[Stored]) -> HashSet<i64> {
    if stored.len() < 2 {
        return HashSet::new();
    }
    let columns = dataset.dimensions.iter().enumerate();
    let columns: Vec<Column<'_>> =
        columns.map(|(at, dimension)| Column::new(vocabulary, *dimension, stored, at)).collect();
    let numbers = |one: &Stored| {
        let mut numbers = [NONE; _];
        for (at, (column, code)) in columns.iter().zip(&one.codes).enumerate() {
            numbers[at] = column.number(code);
        }
        numbers
    };
    let has_above = |numbers: &Combination| {
        columns.iter().zip(numbers).any(|(column, number)| column.upwards[*number as usize].len() > 1)
    };
    let numbered: Vec<(&Stored, Combination)> = stored.iter().map(|one| (one, numbers(one))).collect();
    if !numbered.iter().any(|(_, numbers)| has_above(numbers)) {
        return HashSet::new();
    }
    let known: HashMap<(Frequency, Combination), i64> =
        numbered.iter().map(|(one, numbers)| ((one.frequency, *numbers), one.id)).collect();
    let mut coarse = HashSet::new();
    for (one, numbers) in numbered.iter().filter(|(_, numbers)| has_above(numbers)) {
        let lists: Vec<&[u32]> =
            columns.iter().zip(numbers).map(|(column, number)| &*column.upwards[*number as usize]).collect();
        combinations(&lists, |whole| {
            if whole != numbers {
                coarse.extend(known.get(&(one.frequency, *whole)));
            }
        });
    }
    coarse
}

/// The codes of one dimension that are stated, by number.
struct Column<'a> {
    codes: IndexSet<&'a str, RandomState>,
    /// Of each code itself and those above it.
    upwards: Vec<Vec<u32>>,
}

impl<'a> Column<'a> {
    /// Those at one place of some series.
    fn new(vocabulary: &'a Vocabulary, dimension: Dimension, stored: &'a [Stored], at: usize) -> Self {
        let codes = stored.iter().filter_map(|one| one.codes.get(at)).map(SmolStr::as_str).collect();
        let mut column = Self { codes, upwards: Vec::new() };
        let list = vocabulary.codes.get(&dimension).filter(|_| Grain::may_sum(dimension));
        let upwards = |code: &&str| {
            let above = list.into_iter().flat_map(|list| list.above(code));
            let stated = above.map(|code| column.number(code)).filter(|number| *number != NONE);
            std::iter::once(column.number(code)).chain(stated).collect()
        };
        column.upwards = column.codes.iter().map(upwards).collect();
        column
    }

    fn number(&self, code: &str) -> u32 {
        self.codes.get_index_of(code).and_then(|at| u32::try_from(at).ok()).unwrap_or(NONE)
    }
}
