//! Arrays of whole numbers as PostgreSQL sends them, read in place: answers hold very many elements.

use sqlx::Row as _;
use sqlx::postgres::{PgRow, PgValueFormat};

use crate::error::{Error, Result};

/// The elements of an `integer[]` or `bigint[]` of one dimension.
#[derive(Debug, Clone, Default)]
pub struct Elements<'r> {
    left: &'r [u8],
    count: usize,
}

impl<'r> Elements<'r> {
    /// Those of a column; none where it is null.
    pub fn of(row: &'r PgRow, column: &str) -> Result<Self> {
        let value = row.try_get_raw(column)?;
        let broken =
            || Error::internal("reading an array", format!("{column} is not as PostgreSQL sends arrays"));
        if value.format() != PgValueFormat::Binary {
            return Err(broken());
        }
        let Ok(bytes) = value.as_bytes() else { return Ok(Self::default()) };
        Self::parsed(bytes).ok_or_else(broken)
    }

    /// Dimensions, whether there are nulls, the type, then for each dimension its length and first index.
    fn parsed(bytes: &'r [u8]) -> Option<Self> {
        let (dimensions, rest) = bytes.split_first_chunk::<4>()?;
        match i32::from_be_bytes(*dimensions) {
            0 => Some(Self::default()),
            1 => {
                let (length, _) = rest.get(8..)?.split_first_chunk::<4>()?;
                let count = usize::try_from(i32::from_be_bytes(*length)).ok()?;
                Some(Self { left: rest.get(16..)?, count })
            }
            _ => None,
        }
    }
}

impl Iterator for Elements<'_> {
    type Item = Option<i64>;

    fn next(&mut self) -> Option<Option<i64>> {
        self.count = self.count.checked_sub(1)?;
        let (length, rest) = self.left.split_first_chunk::<4>()?;
        self.left = rest;
        match i32::from_be_bytes(*length) {
            8 => {
                let (bytes, rest) = rest.split_first_chunk::<8>()?;
                self.left = rest;
                Some(Some(i64::from_be_bytes(*bytes)))
            }
            4 => {
                let (bytes, rest) = rest.split_first_chunk::<4>()?;
                self.left = rest;
                Some(Some(i32::from_be_bytes(*bytes).into()))
            }
            _ => Some(None),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

/// Which elements of an array of consecutive periods lie within some: how many stand before them, and how many they are at the most.
pub fn within(first: i32, (from, to): (i32, i32)) -> (usize, usize) {
    let count = |count: i64| usize::try_from(count.max(0)).unwrap_or(usize::MAX);
    let before = i64::from(from) - i64::from(first);
    (count(before), count(i64::from(to) - i64::from(first.max(from)) + 1))
}

/// The elements that fit, as those of an `integer[]` do.
pub fn integers(elements: Elements<'_>) -> impl Iterator<Item = Option<i32>> {
    elements.map(|element| element.and_then(|number| i32::try_from(number).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_found_by_their_places() {
        assert_eq!(within(100, (i32::MIN, i32::MAX)), (0, 2_147_483_548));
        assert_eq!(within(100, (103, 105)), (3, 3));
        assert_eq!(within(100, (90, 105)), (0, 6));
        assert_eq!(within(100, (90, 99)), (0, 0));
    }

    #[test]
    fn elements_follow_their_head() {
        let head = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 1];
        let elements =
            [&[0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 1, 0][..], &[255; 4], &[0, 0, 0, 4, 255, 255, 255, 254]];
        let bytes = [&head[..], &elements.concat()].concat();
        let read: Vec<_> = Elements::parsed(&bytes).unwrap().collect();
        assert_eq!(read, [Some(256), None, Some(-2)]);
        assert_eq!(Elements::parsed(&[0; 12]).unwrap().count(), 0);
        assert!(Elements::parsed(&[0, 0, 0, 2, 0, 0, 0, 0]).is_none(), "two dimensions");
        assert_eq!(Elements::parsed(&bytes[..40]).unwrap().count(), 2, "what is cut off is not read");
    }
}
