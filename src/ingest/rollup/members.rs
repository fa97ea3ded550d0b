//! The finest series of a dataset by their codes, and what each becomes at a grain. Codes are told by numbers here, since a large
//! dataset has millions of series of few codes.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use futures_util::TryStreamExt as _;
use sqlx::PgConnection;

use super::choice::Sketch;
use crate::error::{Error, Result};
use crate::timeseries::dataset::CodeList;
use crate::timeseries::key::Dimension;
use crate::timeseries::period::Frequency;
use crate::timeseries::rollup::Grain;

/// The code lists by dimension.
pub type Lists = HashMap<Dimension, CodeList>;

/// The codes of a series in the order of [`Dimension::ALL`], each by its number.
pub type Codes = [u32; Dimension::ALL.len()];

/// A series.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    pub id: i64,
    pub frequency: Frequency,
    pub codes: Codes,
}

/// The codes of each dimension by their numbers.
#[derive(Debug, Clone, Default)]
pub struct Numbers {
    names: [Vec<String>; Dimension::ALL.len()],
    numbers: [HashMap<String, u32>; Dimension::ALL.len()],
}

impl Numbers {
    /// The number of a code, which gets one where it has none.
    pub fn of(&mut self, dimension: Dimension, code: &str) -> u32 {
        let at = dimension as usize;
        if let Some(number) = self.numbers[at].get(code) {
            return *number;
        }
        let number = u32::try_from(self.names[at].len()).expect("there are far fewer codes than numbers");
        self.names[at].push(code.to_owned());
        self.numbers[at].insert(code.to_owned(), number);
        number
    }

    /// The code of a number.
    pub fn name(&self, dimension: Dimension, number: u32) -> &str {
        &self.names[dimension as usize][number as usize]
    }

    /// All codes of a dimension that have a number.
    pub fn names(&self, dimension: Dimension) -> &[String] {
        &self.names[dimension as usize]
    }

    /// The codes of a series.
    pub fn codes(&mut self, texts: [&str; Dimension::ALL.len()]) -> Codes {
        let mut at = Dimension::ALL.into_iter();
        texts.map(|text| at.next().map_or(0, |dimension| self.of(dimension, text)))
    }
}

/// What codes become at a grain, as far as they were met.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub grain: Grain,
    known: [Vec<u32>; Dimension::ALL.len()],
}

impl Mapping {
    /// Of a grain.
    pub fn new(grain: Grain) -> Self {
        Self { grain, known: std::array::from_fn(|_| Vec::new()) }
    }

    /// The codes of the series at the grain that one with these is part of.
    pub fn map(&mut self, codes: &Codes, numbers: &mut Numbers, lists: &Lists) -> Codes {
        let mut mapped = *codes;
        for dimension in Dimension::ALL {
            let (at, number) = (dimension as usize, codes[dimension as usize] as usize);
            // Codes are numbered without gaps, so what is not known yet lies behind.
            while self.known[at].len() <= number {
                let code = numbers.names(dimension)[self.known[at].len()].clone();
                let above = self.grain.code(lists.get(&dimension), dimension, &code).to_owned();
                let above = numbers.of(dimension, &above);
                self.known[at].push(above);
            }
            mapped[at] = self.known[at][number];
        }
        mapped
    }
}

/// The codes above others, among those that have a number.
#[derive(Debug, Clone)]
pub struct Above {
    above: [Vec<Vec<u32>>; Dimension::ALL.len()],
    has_below: [HashSet<u32>; Dimension::ALL.len()],
}

impl Above {
    /// By the trees of these lists.
    pub fn of(numbers: &Numbers, lists: &Lists) -> Self {
        let above = Dimension::ALL.map(|dimension| {
            let list = lists.get(&dimension).filter(|_| Grain::may_sum(dimension));
            let known = |code: &str| numbers.numbers[dimension as usize].get(code).copied();
            let of = |name: &String| {
                list.into_iter().flat_map(|list| list.above(name)).filter_map(known).collect()
            };
            numbers.names(dimension).iter().map(of).collect::<Vec<Vec<u32>>>()
        });
        let has_below = std::array::from_fn(|at| above[at].iter().flatten().copied().collect());
        Self { above, has_below }
    }

    /// The same the other way round: the codes below others.
    pub fn turned(&self) -> Self {
        let turn = |above: &Vec<Vec<u32>>| {
            let mut below: Vec<Vec<u32>> = vec![Vec::new(); above.len()];
            for (code, all) in (0..).zip(above) {
                for above in all {
                    below[*above as usize].push(code);
                }
            }
            below
        };
        Self { above: self.above.each_ref().map(turn), has_below: Default::default() }
    }

    /// Whether any of these codes has another below it.
    pub fn has_below(&self, codes: &Codes) -> bool {
        codes.iter().zip(&self.has_below).any(|(code, below)| below.contains(code))
    }

    /// How many series one with these may be a part of, itself included.
    pub fn count(&self, codes: &Codes) -> usize {
        let each =
            self.above.iter().zip(codes).map(|(above, code)| above.get(*code as usize).map_or(0, Vec::len));
        each.fold(1, |product: usize, above| product.saturating_mul(1 + above))
    }

    /// The codes of every series that one with these is a part of, itself left out.
    pub fn wholes(&self, codes: &Codes) -> Vec<Codes> {
        let mut all = vec![*codes];
        for (at, above) in self.above.iter().enumerate() {
            for &code in above.get(codes[at] as usize).into_iter().flatten() {
                let with = |mut so_far: Codes| {
                    so_far[at] = code;
                    so_far
                };
                let more: Vec<Codes> =
                    all.iter().filter(|one| one[at] == codes[at]).copied().map(with).collect();
                all.extend(more);
            }
        }
        all.split_off(1)
    }
}

/// The series of a dataset that have figures.
#[derive(Debug, Clone, Default)]
pub struct Members {
    pub numbers: Numbers,
    pub all: Vec<Member>,
}

impl Members {
    /// Reads them: some 60 bytes a series.
    pub async fn read(connection: &mut PgConnection, dataset: &str) -> Result<Self> {
        let count = sqlx::query_scalar!(
            "SELECT count(*) AS \"count!\" FROM series WHERE dataset = $1 AND observations > 0",
            dataset
        );
        let count = count.fetch_one(&mut *connection).await?;
        let mut members = Self::default();
        members.all.reserve_exact(usize::try_from(count).unwrap_or_default());
        let mut rows = sqlx::query!(
            "SELECT series_id, frequency, measure, source, geo, maker, brand, model, vehicle_class, powertrain, operator,
                    access, current
             FROM series WHERE dataset = $1 AND observations > 0",
            dataset,
        )
        .fetch(connection);
        while let Some(row) = rows.try_next().await? {
            let texts = [
                &row.measure,
                &row.source,
                &row.geo,
                &row.maker,
                &row.brand,
                &row.model,
                &row.vehicle_class,
                &row.powertrain,
                &row.operator,
                &row.access,
                &row.current,
            ];
            let codes = members.numbers.codes(texts.map(String::as_str));
            members.all.push(Member { id: row.series_id, frequency: frequency(&row.frequency)?, codes });
        }
        Ok(members)
    }

    /// A series that another is below in every dimension, or at the same code: what it states is in that one already, so that sums
    /// of all would count it twice.
    pub fn coarse(&self, lists: &Lists) -> Option<Codes> {
        let above = Above::of(&self.numbers, lists);
        let with_others_below = self.all.iter().filter(|member| above.has_below(&member.codes));
        let known: HashSet<(Frequency, Codes)> =
            with_others_below.map(|member| (member.frequency, member.codes)).collect();
        let wholes = |member: &Member| {
            let frequency = member.frequency;
            let known = &known;
            above.wholes(&member.codes).into_iter().find(move |codes| known.contains(&(frequency, *codes)))
        };
        if known.is_empty() { None } else { self.all.iter().find_map(wholes) }
    }

    /// About how many series each grain has.
    pub fn sizes(&mut self, grains: &[Grain], lists: &Lists) -> Vec<u64> {
        let mut mappings: Vec<Mapping> = grains.iter().cloned().map(Mapping::new).collect();
        let mut sketches = vec![Sketch::default(); grains.len()];
        for member in &self.all {
            for (mapping, sketch) in mappings.iter_mut().zip(&mut sketches) {
                let mut hasher = DefaultHasher::new();
                (mapping.map(&member.codes, &mut self.numbers, lists), member.frequency.code())
                    .hash(&mut hasher);
                sketch.see(hasher.finish());
            }
        }
        sketches.iter().map(Sketch::count).collect()
    }
}

/// A stored frequency.
pub fn frequency(text: &str) -> Result<Frequency> {
    text.parse().map_err(|why: String| Error::internal("reading the frequency of a stored series", why))
}
