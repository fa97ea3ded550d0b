//! Sums of many series while they are made, and how they are written.

use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;

use super::members::{Codes, Member, Numbers};
use super::sum::{COPY_CHUNKS, Extent, Figure, Run};
use crate::error::{Error, Result};
use crate::ingest::binary::Rows;
use crate::timeseries::key::{Dimension, series_id, series_key};
use crate::timeseries::period::Frequency;
use crate::timeseries::rollup::Grain;

const COPY_SERIES: &str =
    "COPY rollup_series (rollup_id, series_id, is_stored, dataset, frequency, measure, source, geo, maker, brand, model,
                         vehicle_class, powertrain, operator, access, current, first_period, last_period, observations)
     FROM STDIN WITH (FORMAT binary)";

/// How many series are sent at once.
const BATCH: usize = 1_000;

/// A series of a rollup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The rollup, by its place among those of the dataset.
    pub rollup: usize,
    pub frequency: Frequency,
    pub codes: Codes,
    /// The stored series that it is itself, where it is one. Such a series may take the place of its parts, or they its place.
    pub stored: Option<i64>,
}

/// Its figures, by chunk.
pub type Summed = BTreeMap<i32, Run>;

/// Figures by series.
pub type Sums = HashMap<Place, Summed>;

/// Adds figures of a series, or takes them away with a `count` of -1, to the one that it is part of.
pub fn add(
    sums: &mut Sums,
    (rollup, codes): (usize, Codes),
    member: &Member,
    figures: impl Iterator<Item = (i32, Figure)>,
    count: i32,
) -> Result<()> {
    let stored = (codes == member.codes).then_some(member.id);
    let place = Place { rollup, frequency: member.frequency, codes, stored };
    let summed = sums.entry(place).or_default();
    let mut at: Option<(i32, &mut Run)> = None;
    for (period, figure) in figures {
        let number = member.frequency.chunk(period);
        let run = match at.take() {
            Some((known, run)) if known == number => run,
            _ => summed.entry(number).or_default(),
        };
        if !run.cell(period).add(figure, count) {
            return Err(beyond());
        }
        at = Some((number, run));
    }
    Ok(())
}

/// That a sum is larger than what can be stored.
pub fn beyond() -> Error {
    Error::Startup("a sum of figures is beyond 64 bits: its rollups cannot be kept".to_owned())
}

/// The rollups of a dataset, and how its codes are told.
#[derive(Debug, Clone, Copy)]
pub struct Shelf<'a> {
    pub dataset: &'a str,
    pub dimensions: &'a [Dimension],
    pub rollups: &'a [(i32, Grain)],
    pub numbers: &'a Numbers,
}

impl Shelf<'_> {
    /// Where the figures of a series are: under its own id where it is a stored one, else under one that its grain and key make.
    pub fn id(&self, place: &Place) -> i64 {
        place.stored.unwrap_or_else(|| {
            let code =
                |dimension: &Dimension| self.numbers.name(*dimension, place.codes[*dimension as usize]);
            let key = series_key(self.dataset, place.frequency, self.dimensions.iter().map(code));
            series_id(&format!("{} {key}", self.rollups[place.rollup].1))
        })
    }

    /// Writes new series with their figures.
    pub async fn write(&self, connection: &mut PgConnection, sums: &[(Place, Summed)]) -> Result<()> {
        for some in sums.chunks(BATCH) {
            let (mut series, mut chunks) = (Rows::default(), Rows::default());
            for (place, summed) in some {
                let id = self.id(place);
                self.encode((id, Extent::of(summed.values())), place, &mut series);
                for (number, run) in summed.iter().filter(|_| place.stored.is_none()) {
                    run.encode((id, *number), &mut chunks);
                }
            }
            series.copy(connection, COPY_SERIES).await?;
            chunks.copy(connection, COPY_CHUNKS).await?;
        }
        Ok(())
    }

    fn encode(&self, (id, extent): (i64, Extent), place: &Place, rows: &mut Rows) {
        rows.begin(19);
        rows.integer(self.rollups[place.rollup].0);
        rows.bigint(id);
        rows.bytes(&[u8::from(place.stored.is_some())]);
        rows.bytes(self.dataset.as_bytes());
        rows.bytes(place.frequency.code().as_bytes());
        for dimension in Dimension::ALL {
            rows.bytes(self.numbers.name(dimension, place.codes[dimension as usize]).as_bytes());
        }
        for period in [extent.first, extent.last] {
            if let Some(period) = period { rows.integer(period) } else { rows.null() }
        }
        rows.integer(extent.observations);
    }
}
