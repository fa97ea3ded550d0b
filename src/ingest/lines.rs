//! Rows in PostgreSQL's text format of COPY, which every type can be written and read in.

use std::borrow::Cow;

use sqlx::PgConnection;

use crate::error::Result;

/// What stands for null.
const NULL: &str = "\\N";

/// A text with what would end its field or line written in another way.
pub fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
}

/// The fields of a line without its end; `None` is null.
pub fn fields(line: &str) -> impl Iterator<Item = Option<Cow<'_, str>>> {
    line.split('\t').map(|field| (field != NULL).then(|| unescaped(field)))
}

/// The line of these fields, with its end; `None` is null.
pub fn line<'a>(fields: impl IntoIterator<Item = Option<&'a str>>) -> String {
    let fields: Vec<_> =
        fields.into_iter().map(|field| field.map_or_else(|| NULL.to_owned(), escaped)).collect();
    fields.join("\t") + "\n"
}

/// An array of numbers.
pub fn array<T: ToString>(elements: &[Option<T>]) -> String {
    let text = |element: &Option<T>| element.as_ref().map_or_else(|| "NULL".to_owned(), T::to_string);
    format!("{{{}}}", elements.iter().map(text).collect::<Vec<_>>().join(","))
}

fn unescaped(field: &str) -> Cow<'_, str> {
    if !field.contains('\\') {
        return Cow::Borrowed(field);
    }
    let (mut text, mut characters) = (String::with_capacity(field.len()), field.chars());
    while let Some(character) = characters.next() {
        text.push(match character {
            '\\' => match characters.next() {
                Some('b') => '\u{8}',
                Some('f') => '\u{c}',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('v') => '\u{b}',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        });
    }
    Cow::Owned(text)
}

/// Sends lines with a statement that reads this format.
pub async fn copy(
    connection: &mut PgConnection,
    statement: &'static str,
    lines: impl Iterator<Item = String>,
) -> Result<()> {
    let text: String = lines.collect();
    if text.is_empty() {
        return Ok(());
    }
    let mut sink = connection.copy_in_raw(statement).await?;
    sink.send(text.as_bytes()).await?;
    sink.finish().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_postgresql_escapes_is_read() {
        let read: Vec<_> =
            fields("a\\tb\\\\N\t\\N\t\t\\b\\f\\v").map(|field| field.map(Cow::into_owned)).collect();
        let texts = ["a\tb\\N", "", "\u{8}\u{c}\u{b}"].map(|text| Some(text.to_owned()));
        let [first, second, third] = texts;
        assert_eq!(read, [first, None, second, third]);
    }

    proptest! {
        #[test]
        fn a_line_is_read_back(written in prop::collection::vec(prop::option::of("[a\\\\N\t\r\n]{0,5}"), 1..4)) {
            let line = line(written.iter().map(|field| field.as_deref()));
            let read: Vec<_> =
                fields(line.strip_suffix('\n').unwrap()).map(|field| field.map(Cow::into_owned)).collect();
            prop_assert_eq!(read, written);
        }
    }
}
