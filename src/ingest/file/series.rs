//! The series of a file by number: 50 bytes each, so that a million of them are no burden.

use indexmap::IndexSet;

use super::lists::Lists;
use crate::ingest::entry::Series;
use crate::timeseries::key::{Dimension, TOTAL, series_id, series_key};
use crate::timeseries::period::Frequency;

/// Frequency and codes by number; 0 in dimensions that the dataset does not have.
pub type Key = (Frequency, [u32; 11]);

/// The series that a file has rows of, in the order in which they come.
pub struct Numbered {
    /// The dataset that they are of.
    pub dataset: String,
    /// Its dimensions, in the order of keys.
    pub dimensions: Vec<Dimension>,
    keys: IndexSet<Key>,
}

impl Numbered {
    /// None yet, of this dataset.
    pub fn new(dataset: &str, dimensions: &[Dimension]) -> Self {
        Self { dataset: dataset.to_owned(), dimensions: dimensions.to_vec(), keys: IndexSet::new() }
    }

    /// The number of a series.
    pub fn number(&mut self, key: Key) -> u32 {
        let (number, _) = self.keys.insert_full(key);
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// The number of a series that the file has.
    pub fn find(&self, key: &Key) -> Option<u32> {
        self.keys.get_index_of(key).and_then(|number| u32::try_from(number).ok())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// All of them with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Key)> {
        (0..).zip(&self.keys)
    }

    /// The series of this number.
    pub fn series(&self, number: u32, lists: &Lists) -> Series {
        let (frequency, codes) = self.keys[number as usize];
        let code = |dimension: &Dimension| lists.code(*dimension, codes[*dimension as usize]);
        let key = series_key(&self.dataset, frequency, self.dimensions.iter().map(code));
        let without_source = self.dimensions.iter().filter(|d| **d != Dimension::Source);
        let has = |dimension: Dimension| self.dimensions.contains(&dimension);
        Series {
            id: series_id(&key),
            dataset: self.dataset.clone(),
            frequency,
            group_key: series_key(&self.dataset, frequency, without_source.map(code)),
            codes: Dimension::ALL.map(|d| if has(d) { code(&d) } else { TOTAL }.to_owned()),
            key,
        }
    }

    /// The frequency of a series.
    pub fn frequency(&self, number: u32) -> Frequency {
        self.keys[number as usize].0
    }

    /// The code of a series in a dimension.
    pub fn code<'a>(&self, number: u32, dimension: Dimension, lists: &'a Lists) -> &'a str {
        lists.code(dimension, self.keys[number as usize].1[dimension as usize])
    }

    /// What an edition speaks for that has a row of this series.
    pub fn scope(&self, number: u32, lists: &Lists) -> String {
        let (frequency, codes) = &self.keys[number as usize];
        let code = |dimension: Dimension| lists.code(dimension, codes[dimension as usize]);
        format!("{}/{}/{frequency}", code(Dimension::Source), code(Dimension::Measure))
    }
}
