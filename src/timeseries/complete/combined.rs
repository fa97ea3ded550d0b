//! Of which series of the answer a stored one is part: the codes of each dimension that it is part of, all with all. There are many
//! stored series and few codes, so what a code is part of is found out once, and combinations are of numbers.

use std::borrow::Cow;

use foldhash::HashMap;
use foldhash::fast::RandomState;
use indexmap::IndexSet;
use smol_str::SmolStr;

use crate::timeseries::dataset::{Dataset, Vocabulary};
use crate::timeseries::frame::{BEST, source_at};
use crate::timeseries::key::{Dimension, PLUS, TOTAL};
use crate::timeseries::plan::{Plan, Selection};
use crate::timeseries::target::Stored;

/// A code of each dimension of the dataset, by its number among those of the dimension.
pub type Combination = [u32; Dimension::ALL.len()];

/// No code.
pub const NONE: u32 = u32::MAX;

/// Each combination of one code of each list, the first ones first.
pub fn combinations(lists: &[&[u32]], mut add: impl FnMut(&Combination)) {
    if lists.iter().any(|list| list.is_empty()) {
        return;
    }
    let (mut places, mut combination) = ([0; Dimension::ALL.len()], [NONE; _]);
    loop {
        for (at, list) in lists.iter().enumerate() {
            combination[at] = list[places[at]];
        }
        add(&combination);
        // The last that can go on does, and those behind it begin again.
        let Some(next) = (0..lists.len()).rfind(|at| places[*at] + 1 < lists[*at].len()) else { return };
        places[next] += 1;
        places[next + 1..].fill(0);
    }
}

/// The combinations of codes that an answer has.
pub struct Combined<'a> {
    plan: &'a Plan,
    dataset: &'a Dataset,
    vocabulary: &'a Vocabulary,
    /// By the places of the dataset's dimensions.
    columns: Vec<Column<'a>>,
    /// The places of a dimension whose codes keep those of another one above, and of that one.
    pins: Vec<(usize, usize)>,
}

/// What the codes of one dimension are part of.
#[derive(Default)]
struct Column<'a> {
    /// The codes that are answered, by their numbers.
    codes: IndexSet<Cow<'a, str>, RandomState>,
    /// Where it is told what a code is part of: with all others, or only as itself.
    known: HashMap<(&'a str, bool), usize>,
    told: Vec<Told>,
}

/// What a code is part of among those that are answered.
struct Told {
    codes: Vec<u32>,
    /// The number of the code itself, where it is one of them.
    own: u32,
}

/// A stored series with what its codes are part of.
pub struct Looked {
    told: [usize; Dimension::ALL.len()],
    /// The combination that is the series itself.
    pub itself: Combination,
}

impl<'a> Combined<'a> {
    /// Those of a plan.
    pub fn new(plan: &'a Plan, (dataset, vocabulary): (&'a Dataset, &'a Vocabulary)) -> Self {
        let columns = dataset.dimensions.iter().map(|_| Column::default()).collect();
        let open =
            |dimension| matches!(plan.selection.get(&dimension), Some(Selection::Any | Selection::Each));
        let with_above = |lower: Dimension| lower.above().iter().map(move |upper| (lower, *upper));
        let pins = Dimension::ALL.into_iter().flat_map(with_above).filter(|(_, upper)| open(*upper));
        let pins = pins.filter_map(|(lower, upper)| Some((dataset.place(lower)?, dataset.place(upper)?)));
        Self { plan, dataset, vocabulary, columns, pins: pins.collect() }
    }

    /// Looks at a stored series. One that is coarse is only itself, and part of no sum that is asked for: what it states is in finer
    /// series too.
    pub fn look_at(&mut self, stored: &'a Stored, is_coarse: bool) -> Option<Looked> {
        if is_coarse && self.plan.selection.values().any(|s| matches!(s, Selection::Sum { .. })) {
            return None;
        }
        let mut looked = Looked { told: [0; _], itself: [NONE; _] };
        let source_at = source_at(self.dataset);
        for (at, code) in stored.codes.iter().enumerate().take(self.columns.len()) {
            let known = self.columns[at].known.get(&(code.as_str(), is_coarse)).copied();
            let place = known.unwrap_or_else(|| {
                let answered = self.answered(self.dataset.dimensions[at], code, is_coarse);
                self.columns[at].learn((code, is_coarse), answered)
            });
            let told = &self.columns[at].told[place];
            looked.told[at] = place;
            looked.itself[at] = if at == source_at { told.codes[0] } else { told.own };
        }
        Some(looked)
    }

    /// Each combination that it is part of.
    pub fn each(&self, looked: &Looked, mut add: impl FnMut(Combination)) {
        let lists: Vec<&[u32]> =
            self.columns.iter().zip(looked.told).map(|(column, at)| &*column.told[at].codes).collect();
        combinations(&lists, |combination| {
            if self.is_pinned(combination, &looked.itself) {
                add(*combination);
            }
        });
    }

    /// The codes of a combination.
    pub fn codes(&self, combination: &Combination) -> Vec<SmolStr> {
        let each = self.columns.iter().zip(combination);
        each.map(|(column, number)| SmolStr::from(&*column.codes[*number as usize])).collect()
    }

    fn is_pinned(&self, combination: &Combination, itself: &Combination) -> bool {
        self.pins.iter().all(|&(lower, upper)| {
            combination[upper] == itself[upper]
                || self.columns[lower].codes[combination[lower] as usize] == TOTAL
        })
    }

    /// The codes of one dimension that a code is part of, among those that are answered; `best` stands in the place of the source.
    fn answered(&self, dimension: Dimension, code: &'a str, only_itself: bool) -> Vec<Cow<'a, str>> {
        if dimension == Dimension::Source {
            return vec![BEST.into()];
        }
        let Some(selection) = self.plan.selection.get(&dimension) else { return vec![code.into()] };
        let list = self.vocabulary.codes.get(&dimension);
        let above = list.into_iter().filter(|_| !only_itself).flat_map(|list| list.above(code));
        let mut all = std::iter::once(code).chain(above);
        match selection {
            Selection::Sum { codes, .. } => {
                let within = all.any(|code| codes.iter().any(|one| one == code));
                within.then(|| codes.join(&PLUS.to_string()).into()).into_iter().collect()
            }
            _ => all.filter(|code| selection.takes(code)).map(Cow::Borrowed).collect(),
        }
    }
}

impl<'a> Column<'a> {
    /// Remembers what a code is part of.
    fn learn(&mut self, (code, is_coarse): (&'a str, bool), answered: Vec<Cow<'a, str>>) -> usize {
        let number = |place: usize| u32::try_from(place).unwrap_or(NONE);
        let codes: Vec<u32> =
            answered.into_iter().map(|code| number(self.codes.insert_full(code).0)).collect();
        let own = self.codes.get_index_of(code).map_or(NONE, number);
        self.told.push(Told { own: if codes.contains(&own) { own } else { NONE }, codes });
        self.known.insert((code, is_coarse), self.told.len() - 1);
        self.told.len() - 1
    }
}
