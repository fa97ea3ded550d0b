//! Series in the order of their files, page by page.

use sqlx::PgConnection;

use crate::error::{Error, Result};
use crate::timeseries::key::{Dimension, parse_series_key, series_id, series_key};
use crate::timeseries::period::Frequency;

/// How many series are read at once.
pub(super) const PAGE: i64 = 500;

/// Where a series stands in the order: its group key and its source.
pub(super) type Place = (String, String);

/// A stored series, as an export needs it.
#[derive(Debug)]
pub(super) struct Seat {
    /// Where it is stored.
    pub(super) id: i64,
    /// Its public id.
    pub(super) key: String,
    /// How often it states a figure.
    pub(super) frequency: Frequency,
    /// Its codes in the order of [`Dimension::ALL`].
    pub(super) codes: [String; 11],
    /// The last release that changed a figure of it.
    pub(super) updated_by: i32,
    /// Where it stands.
    pub(super) place: Place,
}

/// The series that follow on a place.
pub(super) async fn page(connection: &mut PgConnection, dataset: &str, after: &Place) -> Result<Vec<Seat>> {
    let rows = sqlx::query!(
        "SELECT series_id, group_key, measure, source, geo, maker, brand, model, vehicle_class, powertrain, operator,
                access, current, updated_by
         FROM series WHERE dataset = $1 AND (group_key, source COLLATE \"C\") > ($2, $3)
         ORDER BY group_key, source COLLATE \"C\" LIMIT $4",
        dataset,
        after.0,
        after.1,
        PAGE,
    );
    let rows = rows.fetch_all(connection).await?;
    let seats = rows.into_iter().map(|row| {
        let place = (row.group_key, row.source.clone());
        let (key, frequency) =
            key(&place).filter(|(key, _)| series_id(key) == row.series_id).ok_or_else(|| {
                Error::internal("exporting", format!("{} of {} is not stored by its key", place.0, place.1))
            })?;
        let codes = [
            row.measure,
            row.source,
            row.geo,
            row.maker,
            row.brand,
            row.model,
            row.vehicle_class,
            row.powertrain,
            row.operator,
            row.access,
            row.current,
        ];
        Ok(Seat { id: row.series_id, key, frequency, codes, updated_by: row.updated_by, place })
    });
    seats.collect()
}

/// The key of a series of this group and source.
fn key((group, source): &Place) -> Option<(String, Frequency)> {
    let (dataset, frequency, mut codes) = parse_series_key(group)?;
    let at = Dimension::Source as usize;
    (at <= codes.len()).then(|| codes.insert(at, source))?;
    Some((series_key(dataset, frequency, codes), frequency))
}

/// Dataset, frequency and group of a key.
pub(super) fn group(key: &str) -> Option<(&str, Frequency, String)> {
    let (dataset, frequency, mut codes) = parse_series_key(key)?;
    let at = Dimension::Source as usize;
    (at < codes.len()).then(|| codes.remove(at))?;
    Some((dataset, frequency, series_key(dataset, frequency, codes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_that_of_its_group_with_the_source() {
        let whole = "production:M.sales.caam.CN._T";
        let (dataset, frequency, of) = group(whole).unwrap();
        assert_eq!(
            (dataset, frequency, of.as_str()),
            ("production", Frequency::M, "production:M.sales.CN._T")
        );
        assert_eq!(key(&(of, "caam".to_owned())), Some((whole.to_owned(), Frequency::M)));
        assert_eq!((group("production:M.sales"), group("no key")), (None, None));
    }
}
