//! Arrays as PostgreSQL sends them, read in place: answers hold very many elements.

use smol_str::SmolStr;
use sqlx::Row as _;
use sqlx::postgres::{PgRow, PgValueFormat};

use crate::error::{Error, Result};

/// The elements of an array of one dimension; as an iterator, the numbers of an `integer[]` or `bigint[]`.
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

    /// The next element as it is sent.
    #[expect(clippy::option_option, reason = "the inner one is null")]
    fn bytes(&mut self) -> Option<Option<&'r [u8]>> {
        self.count = self.count.checked_sub(1)?;
        let (length, rest) = self.left.split_first_chunk::<4>()?;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            self.left = rest;
            return Some(None);
        };
        let (bytes, rest) = rest.split_at_checked(length)?;
        self.left = rest;
        Some(Some(bytes))
    }
}

/// A number of eight or of four bytes.
fn number(bytes: &[u8]) -> Option<i64> {
    let wide = || bytes.try_into().ok().map(i64::from_be_bytes);
    wide().or_else(|| bytes.try_into().ok().map(|four| i32::from_be_bytes(four).into()))
}

impl Iterator for Elements<'_> {
    type Item = Option<i64>;

    fn next(&mut self) -> Option<Option<i64>> {
        Some(self.bytes()?.and_then(number))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

/// The texts of a `text[]` of one dimension, none of which is null.
pub fn texts(row: &PgRow, column: &str) -> Result<Vec<SmolStr>> {
    let mut elements = Elements::of(row, column)?;
    let mut texts = Vec::with_capacity(elements.count);
    while let Some(bytes) = elements.bytes() {
        let text = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
        let broken = || Error::internal("reading an array", format!("{column} has what is no text"));
        texts.push(text.ok_or_else(broken)?.into());
    }
    Ok(texts)
}

/// How many elements of an array of consecutive periods stand before the first of some periods: they are not sent.
pub fn before(first: i32, from: i32) -> usize {
    usize::try_from(i64::from(from) - i64::from(first)).unwrap_or(0)
}

/// The releases of so many cells: where all are the same, one is sent for all.
pub fn releases(row: &PgRow, count: usize) -> Result<impl Iterator<Item = Option<i32>>> {
    let mut sent = Elements::of(row, "releases")?;
    let same = if sent.count == 1 { sent.clone().next().flatten() } else { None };
    let each = (0..count).map(move |_| same.or_else(|| sent.next().flatten()));
    Ok(each.map(|release| i32::try_from(release?).ok()))
}

/// The elements that fit, as those of an `integer[]` do.
pub fn integers(elements: Elements<'_>) -> impl Iterator<Item = Option<i32>> {
    elements.map(|element| element.and_then(|number| i32::try_from(number).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_before_the_first_period_is_counted() {
        assert_eq!(before(100, i32::MIN), 0);
        assert_eq!(before(100, 103), 3);
        assert_eq!(before(100, 90), 0);
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
