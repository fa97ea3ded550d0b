//! How the statements of all releases about one cell, one period of one series, make the figure that holds. Pure logic: the
//! writer keeps cells by it, and whoever asks for the past reads them by it.
//!
//! **Order.** The statements of releases that count stand in the order (published, release), undated ones first. Runs of
//! equal neighbours are one figure; its first statement speaks for it, the others *restate* it. The last run holds; if it
//! withdraws, the cell has no figure.
//!
//! **Knowledge.** A figure is known since the earliest date among the documents of its run and the confirmations that belong
//! to it. A confirmation belongs to the run of the value that it prints, else to the nearest value, of several to the
//! latest; it never changes a figure.
//!
//! **As stored.** `observation_chunk` has the holder of each cell, `observation_history` every other explicit statement: older
//! runs, withdrawals, confirmations and all that releases which no longer count had stated. `observation_restatement` has
//! only the periods that a release restates. To read a cell, gather the first two as [`Statement`]s, hand the third to
//! [`restate`], and ask [`winner`] or [`runs`]: the result does not depend on the order in which releases were loaded.

use chrono::NaiveDate;

/// What a statement says of its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A figure, or with status `M` that there is none.
    Stated,
    /// An edition that speaks for the cell and no longer lists it.
    Withdrawn,
    /// A figure printed again by a document that only dates the knowledge of it.
    Confirmed,
}

impl Kind {
    /// Its word in the table of history.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Withdrawn => "withdrawn",
            Self::Confirmed => "confirmed",
        }
    }

    /// The kind of this word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Stated, Self::Withdrawn, Self::Confirmed].into_iter().find(|k| k.name() == name)
    }
}

/// The release that speaks, as far as the overlay must know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Its id, which is also its place in the sequence of releases.
    pub release: i32,
    /// The day its document was published at the latest; `None` where undated.
    pub published: Option<NaiveDate>,
    /// The release that took its place, if any.
    pub superseded_by: Option<i32>,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
}

impl Origin {
    /// Whether its statements count for somebody who knows the releases up to `pin` (`None`: all). What was superseded
    /// after the pin still counts there; what was withdrawn counts nowhere.
    pub fn counts(&self, pin: Option<i32>) -> bool {
        let known = |release: i32| pin.is_none_or(|pin| release <= pin);
        known(self.release) && !self.withdrawn && !self.superseded_by.is_some_and(known)
    }
}

/// What one release says of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Statement {
    /// Who says it.
    pub origin: Origin,
    /// In which way.
    pub kind: Kind,
    /// The figure, scaled by the decimals of its measure; `None` where stated as missing or withdrawn.
    pub value: Option<i64>,
    /// Its SDMX `OBS_STATUS` as an ASCII letter; `M` for a withdrawal.
    pub status: u8,
}

impl Statement {
    /// Its place in the overlay: undated ones first, then by day and release.
    pub const fn order(&self) -> (Option<NaiveDate>, i32) {
        (self.origin.published, self.origin.release)
    }

    fn same_figure(&self, other: &Self) -> bool {
        (self.kind, self.value, self.status) == (other.kind, other.value, other.status)
    }
}

/// A figure (or a withdrawal) that stood for a stretch of the overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The statement that speaks for it, the first of the order.
    pub first: Statement,
    /// The later releases that state the same without another figure between.
    pub restated: Vec<Origin>,
    /// The releases whose confirmations belong to it.
    pub confirmed: Vec<Origin>,
    /// Since which day documents prove it; `None` where all of them are undated.
    pub known_since: Option<NaiveDate>,
}

impl Run {
    fn new(first: Statement) -> Self {
        let known_since = first.origin.published;
        Self { first, restated: Vec::new(), confirmed: Vec::new(), known_since }
    }

    fn learn(&mut self, published: Option<NaiveDate>) {
        self.known_since = [self.known_since, published].into_iter().flatten().min();
    }
}

/// A cell as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// The statement that holds; `None` where the cell has no figure.
    pub holder: Option<Statement>,
    /// Every other explicit statement, in order.
    pub history: Vec<Statement>,
    /// The releases that only restate the figure before them, in order.
    pub restated: Vec<i32>,
}

/// What holds in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Winner {
    /// The figure, scaled by the decimals of its measure; `None` where stated as missing.
    pub value: Option<i64>,
    /// Its SDMX `OBS_STATUS` as an ASCII letter.
    pub status: u8,
    /// The release that stated it first.
    pub release: i32,
    /// Since which day documents prove it; `None` where all of them are undated.
    pub known_since: Option<NaiveDate>,
}

/// Adds the statements of releases that restate: each says what the live statement before it says. `statements` are the
/// explicit ones of the cell, as stored.
pub fn restate(statements: &mut Vec<Statement>, restated: &[Origin]) {
    let explicit = statements.len();
    for &origin in restated {
        let place = (origin.published, origin.release);
        let before = statements[..explicit]
            .iter()
            .filter(|s| s.kind != Kind::Confirmed && s.origin.counts(None) && s.order() < place)
            .max_by_key(|s| s.order());
        if let Some(&before) = before {
            statements.push(Statement { origin, ..before });
        }
    }
}

/// The figures that a cell has had, in the order of the overlay, as known at `pin`.
pub fn runs(statements: &[Statement], pin: Option<i32>) -> Vec<Run> {
    let mut counting: Vec<&Statement> = statements.iter().filter(|s| s.origin.counts(pin)).collect();
    counting.sort_by_key(|s| s.order());
    let mut runs: Vec<Run> = Vec::new();
    for statement in counting.iter().filter(|s| s.kind != Kind::Confirmed) {
        match runs.last_mut().filter(|run| run.first.same_figure(statement)) {
            Some(run) => {
                run.restated.push(statement.origin);
                run.learn(statement.origin.published);
            }
            None => runs.push(Run::new(**statement)),
        }
    }
    for confirmation in counting.iter().filter(|s| s.kind == Kind::Confirmed) {
        if let Some(at) = confirmed_run(&runs, confirmation) {
            runs[at].confirmed.push(confirmation.origin);
            runs[at].learn(confirmation.origin.published);
        }
    }
    runs
}

/// The run that a confirmation speaks of: the nearest in value, of several the latest.
fn confirmed_run(runs: &[Run], confirmation: &Statement) -> Option<usize> {
    let printed = confirmation.value?;
    let stated = runs.iter().enumerate().filter(|(_, run)| run.first.kind == Kind::Stated);
    let distances = stated.filter_map(|(at, run)| Some((run.first.value?.abs_diff(printed), at)));
    distances.min_by_key(|&(distance, at)| (distance, std::cmp::Reverse(at))).map(|(_, at)| at)
}

/// What holds in a cell for somebody who knows the releases up to `pin` and asks for what documents published by the end
/// of `as_of` prove. It is strict: with `as_of`, a figure that no dated document states never shows.
///
/// `statements` are all of the cell, restatements made explicit by [`restate`].
pub fn winner(statements: &[Statement], as_of: Option<NaiveDate>, pin: Option<i32>) -> Option<Winner> {
    let proven = |run: &Run| as_of.is_none_or(|day| run.known_since.is_some_and(|since| since <= day));
    let last = runs(statements, pin).into_iter().rev().find(proven)?;
    let Statement { origin, kind, value, status } = last.first;
    let known_since = last.known_since;
    (kind == Kind::Stated).then_some(Winner { value, status, release: origin.release, known_since })
}

/// The form in which a cell is stored, whatever the order of the statements. Nothing is lost: [`restate`] gives them all back.
pub fn canonical(statements: &[Statement]) -> Cell {
    let runs = runs(statements, None);
    let holder = runs.last().map(|run| run.first).filter(|s| s.kind == Kind::Stated);
    let mut restated: Vec<Origin> = runs.into_iter().flat_map(|run| run.restated).collect();
    restated.sort_by_key(|o| (o.published, o.release));
    let implied =
        |s: &Statement| s.kind != Kind::Confirmed && restated.iter().any(|o| o.release == s.origin.release);
    let mut history: Vec<Statement> =
        statements.iter().copied().filter(|s| Some(*s) != holder && !implied(s)).collect();
    history.sort_by_key(Statement::order);
    Cell { holder, history, restated: restated.iter().map(|o| o.release).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(year: i32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, 12, 31).unwrap()
    }

    fn origin(release: i32, published: Option<i32>) -> Origin {
        Origin { release, published: published.map(day), superseded_by: None, withdrawn: false }
    }

    fn stated(release: i32, year: i32, value: i64) -> Statement {
        Statement {
            origin: origin(release, Some(year)),
            kind: Kind::Stated,
            value: Some(value),
            status: b'A',
        }
    }

    fn confirmed(release: i32, year: i32, value: i64) -> Statement {
        Statement { kind: Kind::Confirmed, ..stated(release, year, value) }
    }

    fn withdrawn(release: i32, year: i32) -> Statement {
        Statement { kind: Kind::Withdrawn, value: None, status: b'M', ..stated(release, year, 0) }
    }

    fn value(statements: &[Statement], as_of: Option<i32>) -> Option<i64> {
        winner(statements, as_of.map(day), None).and_then(|w| w.value)
    }

    #[test]
    fn a_later_document_holds_and_the_past_still_shows_the_earlier() {
        let cell = [stated(7, 2020, 25_720_665), stated(3, 2024, 25_750_650)];
        assert_eq!(value(&cell, None), Some(25_750_650));
        assert_eq!(value(&cell, Some(2021)), Some(25_720_665));
        assert_eq!(value(&cell, Some(2019)), None);
    }

    #[test]
    fn an_undated_document_ranks_below_dated_ones_and_answers_no_as_of() {
        let undated = Statement { origin: origin(9, None), ..stated(9, 2020, 5) };
        assert_eq!(value(&[undated, stated(1, 2020, 4)], None), Some(4));
        assert_eq!(value(&[undated], None), Some(5));
        assert_eq!(value(&[undated], Some(2030)), None);
        assert_eq!(value(&[undated, confirmed(2, 2021, 5)], Some(2021)), Some(5));
    }

    #[test]
    fn a_confirmation_dates_its_own_figure_and_changes_none() {
        let cell =
            [stated(1, 2020, 100), stated(2, 2024, 130), confirmed(3, 2019, 101), confirmed(4, 2022, 130)];
        let winner = winner(&cell, Some(day(2019)), None).unwrap();
        assert_eq!((winner.value, winner.known_since), (Some(100), Some(day(2019))));
        assert_eq!(value(&cell, Some(2021)), Some(100));
        assert_eq!(value(&cell, Some(2022)), Some(130));
        let tie = [stated(1, 2020, 100), stated(2, 2024, 102), confirmed(3, 2019, 101)];
        assert_eq!(value(&tie, Some(2019)), Some(102));
    }

    #[test]
    fn an_edition_withdraws_and_a_later_statement_brings_back() {
        let cell = [stated(1, 2020, 100), withdrawn(2, 2022)];
        assert_eq!((value(&cell, None), value(&cell, Some(2021))), (None, Some(100)));
        let again = [cell[0], cell[1], stated(3, 2023, 100)];
        assert_eq!(value(&again, None), Some(100));
        assert!(canonical(&again).restated.is_empty());
    }

    #[test]
    fn what_no_longer_counts_is_kept_and_counts_again_before_the_pin() {
        let mut wrong = stated(1, 2020, 90);
        wrong.origin.superseded_by = Some(4);
        let cell = [wrong, stated(4, 2020, 100)];
        assert_eq!(winner(&cell, None, None).unwrap().release, 4);
        assert_eq!(winner(&cell, None, Some(3)).unwrap().value, Some(90));
        assert_eq!(canonical(&cell).history, [wrong]);
        wrong.origin.withdrawn = true;
        assert_eq!(winner(&[wrong], None, Some(3)), None);
    }

    #[test]
    fn equal_figures_are_stored_once() {
        let cell = canonical(&[stated(5, 2023, 100), stated(4, 2021, 100), stated(6, 2024, 100)]);
        assert_eq!(cell.holder, Some(stated(4, 2021, 100)));
        assert_eq!((cell.history.len(), cell.restated), (0, vec![5, 6]));
    }

    prop_compose! {
        fn any_statement()(
            published in prop::option::of(2015i32..2020),
            kind in prop::sample::select(vec![Kind::Stated, Kind::Stated, Kind::Stated, Kind::Withdrawn, Kind::Confirmed]),
            value in prop::option::of(1i64..4),
            dead in 0..6,
        ) -> Statement {
            let superseded_by = (dead == 0).then_some(1000);
            let origin = Origin { superseded_by, withdrawn: dead == 1, ..origin(0, published) };
            match kind {
                Kind::Withdrawn => Statement { origin, kind, value: None, status: b'M' },
                Kind::Confirmed => Statement { origin, kind, value: Some(value.unwrap_or(2)), status: b'A' },
                Kind::Stated => Statement { origin, kind, value, status: if value.is_some() { b'A' } else { b'M' } },
            }
        }
    }

    fn any_cell() -> impl Strategy<Value = Vec<Statement>> {
        prop::collection::vec(any_statement(), 0..12).prop_map(|mut all| {
            for (statement, release) in all.iter_mut().zip(1..) {
                statement.origin.release = release;
            }
            all
        })
    }

    /// A cell as a reader finds it again.
    fn read_back(cell: &Cell, all: &[Statement]) -> Vec<Statement> {
        let mut back: Vec<Statement> = cell.history.iter().copied().chain(cell.holder).collect();
        let origin = |release: &i32| all.iter().find(|s| s.origin.release == *release).unwrap().origin;
        restate(&mut back, &cell.restated.iter().map(origin).collect::<Vec<_>>());
        back.sort();
        back
    }

    proptest! {
        #[test]
        fn the_order_of_loading_does_not_matter(
            (all, shuffled) in any_cell().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
        ) {
            prop_assert_eq!(canonical(&all), canonical(&shuffled));
        }

        #[test]
        fn no_statement_is_ever_lost(mut all in any_cell()) {
            let back = read_back(&canonical(&all), &all);
            all.sort();
            prop_assert_eq!(back, all);
        }

        #[test]
        fn merging_into_a_stored_cell_gives_what_loading_at_once_gives(all in any_cell(), cut in 0usize..12) {
            let (early, late) = all.split_at(cut.min(all.len()));
            let mut merged = read_back(&canonical(early), early);
            merged.extend(late);
            prop_assert_eq!(canonical(&merged), canonical(&all));
        }

        #[test]
        fn without_conditions_the_winner_is_the_holder(all in any_cell()) {
            let holder = canonical(&all).holder.map(|s| (s.value, s.status, s.origin.release));
            prop_assert_eq!(winner(&all, None, None).map(|w| (w.value, w.status, w.release)), holder);
        }

        #[test]
        fn the_past_shows_nothing_published_later(all in any_cell(), year in 2014i32..2021, pin in 0i32..13) {
            let seen = winner(&all, Some(day(year)), Some(pin));
            prop_assert!(seen.is_none_or(|w| w.release <= pin && w.known_since.is_some_and(|d| d <= day(year))));
        }
    }
}
