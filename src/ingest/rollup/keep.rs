//! Keeping the rollups of a dataset right while its figures change: what differs is added to the sums that it is part of, and only
//! these are written.

use std::collections::{BTreeMap, HashSet};

use sqlx::PgConnection;

use super::build::{clear, count_series, keep_codes};
use super::members::{Above, Codes, Lists, Mapping, Member, Numbers};
use super::sum::Figure;
use super::sums::{self, Place, Shelf, Summed, Sums};
use super::{Kept, by_period, kept, writing};
use crate::error::Result;
use crate::ingest::walk::Seats;
use crate::timeseries::dataset::Dataset;
use crate::timeseries::key::{Dimension, series_id, series_key};
use crate::timeseries::period::Frequency;
use crate::timeseries::rollup::Grain;

/// How many series of rollups are written at once.
const BATCH: usize = 2_000;

/// The most parts of a new series that are looked for, and how many series are looked for at once.
const MOST_PARTS: usize = 10_000;

/// A cell that came to hold another figure: its period, what it held and what it holds.
pub type Changed = (i32, Option<Figure>, Option<Figure>);

/// What changes in the rollups of a dataset.
pub struct Keeper {
    dataset: Dataset,
    lists: Lists,
    rollups: Vec<(i32, Grain)>,
    mappings: Vec<Mapping>,
    numbers: Numbers,
    differences: Sums,
    /// Series that had no figure before.
    fresh: Vec<Member>,
    /// The rollups that are kept by period too.
    by_period: HashSet<i32>,
}

impl Keeper {
    /// Of a dataset; `None` where it has no rollups.
    pub async fn of(connection: &mut PgConnection, dataset: &str) -> Result<Option<Self>> {
        let Some(Kept { dataset, lists, rollups }) = kept(connection, dataset).await? else {
            return Ok(None);
        };
        let mappings = rollups.iter().map(|(_, grain)| Mapping::new(grain.clone())).collect();
        let (numbers, differences, fresh) = (Numbers::default(), Sums::new(), Vec::new());
        let by_period =
            dataset.rollups.iter().filter(|rollup| rollup.by_period).map(|rollup| rollup.id).collect();
        Ok(Some(Self { dataset, lists, rollups, mappings, numbers, differences, fresh, by_period }))
    }

    /// Takes notice of changed cells, by series.
    pub fn note(&mut self, seats: &Seats, changed: &BTreeMap<i64, Vec<Changed>>) -> Result<()> {
        for (&id, cells) in changed {
            let Some(seat) = seats.get(&id) else { continue };
            let codes = self.numbers.codes(seat.codes.each_ref().map(String::as_str));
            let member = Member { id, frequency: seat.frequency, codes };
            // What a series states now is counted only after this.
            if seat.extent.observations == 0 {
                self.fresh.push(member);
            }
            let figures = |of: fn(&Changed) -> Option<Figure>| {
                cells.iter().filter_map(move |changed| Some((changed.0, of(changed)?)))
            };
            let is_replaced = figures(|changed| changed.1).next().is_some();
            for (rollup, mapping) in self.mappings.iter_mut().enumerate() {
                let to = (rollup, mapping.map(&member.codes, &mut self.numbers, &self.lists));
                if is_replaced {
                    sums::add(&mut self.differences, to, &member, figures(|changed| changed.1), -1)?;
                }
                sums::add(&mut self.differences, to, &member, figures(|changed| changed.2), 1)?;
            }
        }
        Ok(())
    }

    /// Writes what differs. Where the dataset came to have figures of a series beside some of its parts, there are no rollups any
    /// more.
    pub async fn write(mut self, connection: &mut PgConnection) -> Result<()> {
        if let Some(series) = self.coarse(connection).await? {
            let dataset = &self.dataset.name;
            tracing::warn!(%dataset, series, "figures stand beside those of their parts: no rollups are kept");
            return clear(connection, dataset).await;
        }
        let mut differences: Vec<(Place, Summed)> =
            std::mem::take(&mut self.differences).into_iter().collect();
        differences.sort_by_key(|(place, _)| (place.rollup, place.codes));
        let Dataset { name, dimensions, .. } = &self.dataset;
        let kept = Shelf { dataset: name, dimensions, rollups: &self.rollups, numbers: &self.numbers };
        for some in differences.chunks(BATCH) {
            writing::write(connection, kept, some).await?;
        }
        let finest = self.dataset.finest_frequency();
        by_period::keep(connection, kept, (&differences, &self.by_period), finest).await?;
        count_series(connection, name).await
    }

    /// A series that a new one is a part of, or that is a part of a new one; one that may have very many parts is taken for having
    /// one, and building anew then tells for certain.
    async fn coarse(&mut self, connection: &mut PgConnection) -> Result<Option<String>> {
        let name = self.dataset.name.clone();
        let known = sqlx::query!("SELECT dimension, code FROM rollup_code WHERE dataset = $1", name);
        for row in known.fetch_all(&mut *connection).await? {
            if let Some(dimension) = Dimension::from_name(&row.dimension) {
                self.numbers.of(dimension, &row.code);
            }
        }
        keep_codes(connection, &name, &self.numbers).await?;
        let above = Above::of(&self.numbers, &self.lists);
        let below = above.turned();
        let mut related = Vec::new();
        for member in &self.fresh {
            if below.count(&member.codes) > MOST_PARTS {
                return Ok(Some(self.id(member.frequency, &member.codes).to_string()));
            }
            let (wholes, parts) = (above.wholes(&member.codes), below.wholes(&member.codes));
            related.extend(wholes.iter().chain(&parts).map(|codes| self.id(member.frequency, codes)));
        }
        for some in related.chunks(MOST_PARTS) {
            let found = sqlx::query_scalar!(
                "SELECT group_key FROM series WHERE series_id = ANY($1) AND observations > 0 LIMIT 1",
                some,
            );
            if let Some(key) = found.fetch_optional(&mut *connection).await? {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    fn id(&self, frequency: Frequency, codes: &Codes) -> i64 {
        let code = |dimension: &Dimension| self.numbers.name(*dimension, codes[*dimension as usize]);
        series_id(&series_key(&self.dataset.name, frequency, self.dataset.dimensions.iter().map(code)))
    }
}
