//! Rows in PostgreSQL's binary format of COPY, which the server takes in without parsing texts.

use sqlx::PgConnection;

use crate::error::Result;

/// What the format begins with: its signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// The types of array elements, as PostgreSQL numbers them.
const BIGINT: u32 = 20;
const INTEGER: u32 = 23;

/// Rows, ready to be sent. Each is begun with its count of fields, which then follow in the order of the columns.
#[derive(Debug, Default)]
pub struct Rows(Vec<u8>);

impl Rows {
    /// Begins a row of this many fields.
    pub fn begin(&mut self, fields: i16) {
        if self.0.is_empty() {
            self.0.extend_from_slice(HEADER);
        }
        self.0.extend_from_slice(&fields.to_be_bytes());
    }

    /// A null of any type.
    pub fn null(&mut self) {
        self.0.extend_from_slice(&(-1i32).to_be_bytes());
    }

    /// A `text` or `bytea`.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    /// An `integer`.
    pub fn integer(&mut self, number: i32) {
        self.bytes(&number.to_be_bytes());
    }

    /// A `bigint`.
    pub fn bigint(&mut self, number: i64) {
        self.bytes(&number.to_be_bytes());
    }

    /// An `integer[]`.
    pub fn integers(&mut self, elements: &[Option<i32>]) {
        self.array(INTEGER, elements, i32::to_be_bytes);
    }

    /// A `bigint[]`.
    pub fn bigints(&mut self, elements: &[Option<i64>]) {
        self.array(BIGINT, elements, i64::to_be_bytes);
    }

    fn array<T: Copy, const N: usize>(
        &mut self,
        of: u32,
        elements: &[Option<T>],
        bytes: impl Fn(T) -> [u8; N],
    ) {
        let stated = elements.iter().flatten().count();
        let dimensions = usize::from(!elements.is_empty());
        self.0.reserve(24 + (4 + N) * elements.len());
        self.length(12 + 8 * dimensions + 4 * elements.len() + N * stated);
        self.length(dimensions);
        self.length(usize::from(stated < elements.len()));
        self.0.extend_from_slice(&of.to_be_bytes());
        if dimensions > 0 {
            self.length(elements.len());
            // Elements count from 1.
            self.length(1);
        }
        for element in elements {
            match element {
                Some(element) => self.bytes(&bytes(*element)),
                None => self.null(),
            }
        }
    }

    fn length(&mut self, length: usize) {
        let length = i32::try_from(length).expect("a row is far below the 2 GB that a field may have");
        self.0.extend_from_slice(&length.to_be_bytes());
    }

    /// Sends the rows with a statement that reads this format.
    pub async fn copy(mut self, connection: &mut PgConnection, statement: &'static str) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.extend_from_slice(&(-1i16).to_be_bytes());
        let mut sink = connection.copy_in_raw(statement).await?;
        sink.send(self.0).await?;
        sink.finish().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_the_signature_field_by_field() {
        let mut rows = Rows::default();
        rows.begin(3);
        rows.bigint(-2);
        rows.null();
        rows.bytes(b"ab");
        let mut expected = HEADER.to_vec();
        expected.extend_from_slice(&[0, 3, 0, 0, 0, 8, 255, 255, 255, 255, 255, 255, 255, 254]);
        expected.extend_from_slice(&[255, 255, 255, 255, 0, 0, 0, 2, b'a', b'b']);
        assert_eq!(rows.0, expected);
    }

    #[test]
    fn an_array_says_its_length_its_type_and_whether_it_has_nulls() {
        let mut rows = Rows::default();
        rows.integers(&[Some(7), None]);
        let head = [0, 0, 0, 32, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1];
        assert_eq!(rows.0, [&head[..], &[0, 0, 0, 4, 0, 0, 0, 7, 255, 255, 255, 255]].concat());
        let mut none = Rows::default();
        none.bigints(&[]);
        assert_eq!(none.0, [0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20]);
    }
}
