//! The same documents taken in one loading after the other, as the writer keeps them: each cell in its stored form, which is
//! read again for the next change.

use std::collections::BTreeMap;

use china_auto::timeseries::overlay::{Cell, Kind, Origin, Statement, canonical, restate, winner};
use chrono::NaiveDate;

use super::vintage::{Document, Fact, History, Key};
use super::world::Stated;

/// What is stored.
#[derive(Default)]
pub struct Store {
    origins: BTreeMap<i32, Origin>,
    /// The release of each document that counts.
    counting: BTreeMap<String, (i32, Document)>,
    /// By series and period.
    cells: BTreeMap<(usize, i32), Cell>,
    /// The last release of each loading, and how many were withdrawn until then.
    ends: Vec<(i32, usize)>,
}

/// A release with what it says.
type Taken<'a> = (i32, &'a Document);

impl Store {
    pub fn load_all(history: &History) -> Self {
        let mut store = Self::default();
        history.loads.iter().for_each(|load| store.load(history, load));
        store
    }

    fn load(&mut self, history: &History, load: &BTreeMap<String, Document>) {
        let before = self.origins.clone();
        let changed = |id: &&String| self.counting.get(*id).map(|(_, old)| old) != load.get(*id);
        let mut new: Vec<&String> = load.keys().filter(changed).collect();
        new.sort_by_key(|id| (load[*id].published.map(|date| date.last), *id));
        let gone = self.counting.iter().filter(|(id, _)| !load.contains_key(*id));
        for release in gone.map(|(_, (release, _))| *release).collect::<Vec<_>>() {
            self.origins.get_mut(&release).unwrap().withdrawn = true;
        }
        self.counting.retain(|id, _| load.contains_key(id));
        let mut taken: Vec<Taken<'_>> = Vec::new();
        for id in new {
            let release = self.origins.keys().last().map_or(1, |last| last + 1);
            let published = load[id].day();
            self.origins
                .insert(release, Origin { release, published, superseded_by: None, withdrawn: false });
            if let Some((old, _)) = self.counting.insert(id.clone(), (release, load[id].clone())) {
                self.origins.get_mut(&old).unwrap().superseded_by = Some(release);
            }
            taken.push((release, &load[id]));
        }
        self.walk(history, &taken, &before);
        let withdrawn = self.origins.values().filter(|origin| origin.withdrawn).count();
        self.ends.push((self.origins.keys().last().copied().unwrap_or_default(), withdrawn));
    }

    /// Carries a change through all cells.
    fn walk(&mut self, history: &History, taken: &[Taken<'_>], before: &BTreeMap<i32, Origin>) {
        let mut cells: BTreeMap<(usize, i32), Vec<Statement>> =
            self.cells.iter().map(|(cell, stored)| (*cell, read(stored, before))).collect();
        for statement in cells.values_mut().flatten() {
            statement.origin = self.origins[&statement.origin.release];
        }
        for (release, document) in taken {
            for (cell, fact) in &document.facts {
                cells.entry(*cell).or_default().push(statement(self.origins[release], *fact));
            }
        }
        let editions: Vec<_> = self.counting.values().map(|(r, d)| (*r, history.scopes(d))).collect();
        for (cell, statements) in &mut cells {
            let speaking = editions.iter().filter(|(_, scopes)| scopes.contains(&history.scope(cell.0)));
            for (release, _) in speaking {
                statements.extend(withdrawal(self.origins[release], statements));
            }
        }
        self.cells = cells.into_iter().map(|(cell, statements)| (cell, canonical(&statements))).collect();
    }

    /// The last release of a loading, where its state can still be read: nothing was withdrawn since.
    pub fn pin(&self, load: usize) -> Option<i32> {
        let (release, withdrawn) = self.ends[load];
        self.ends.last().filter(|(_, now)| *now == withdrawn).map(|_| release)
    }

    /// The figures that hold, by series.
    pub fn holding(&self, series: &[Key], as_of: Option<NaiveDate>, pin: Option<i32>) -> Vec<(Key, Stated)> {
        let mut holding: Vec<(Key, Stated)> = series.iter().map(|key| (key.clone(), Stated::new())).collect();
        for ((at, period), stored) in &self.cells {
            let figure = if as_of.is_none() && pin.is_none() {
                stored.holder.map(|holder| (holder.value, holder.status))
            } else {
                winner(&read(stored, &self.origins), as_of, pin).map(|won| (won.value, won.status))
            };
            holding[*at].1.extend(figure.map(|figure| (*period, figure)));
        }
        holding
    }
}

/// Every statement of a cell.
fn read(stored: &Cell, origins: &BTreeMap<i32, Origin>) -> Vec<Statement> {
    let mut statements: Vec<Statement> = stored.history.iter().copied().chain(stored.holder).collect();
    restate(&mut statements, &stored.restated.iter().map(|release| origins[release]).collect::<Vec<_>>());
    // What is stored knows of its release only what was known then.
    for statement in &mut statements {
        statement.origin = origins[&statement.origin.release];
    }
    statements
}

fn statement(origin: Origin, fact: Fact) -> Statement {
    match fact {
        Fact::States(value, status) => Statement { origin, kind: Kind::Stated, value, status },
        Fact::Confirms(value) => {
            Statement { origin, kind: Kind::Confirmed, value: Some(value), status: b'A' }
        }
    }
}

/// An edition that does not speak of a cell withdraws what was stated before it.
fn withdrawal(origin: Origin, statements: &[Statement]) -> Option<Statement> {
    let withdrawal = Statement { origin, kind: Kind::Withdrawn, value: None, status: b'M' };
    let before =
        |s: &Statement| s.kind == Kind::Stated && s.origin.counts(None) && s.order() < withdrawal.order();
    let speaks = statements.iter().any(|s| s.origin.release == origin.release);
    (!speaks && statements.iter().any(before)).then_some(withdrawal)
}
