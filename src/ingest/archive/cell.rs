//! The fields of the files. A field without anything is a null; an empty text is a lone apostrophe.

use std::borrow::Cow;

use crate::spreadsheet::{guarded, unguarded};

/// What stands for an empty text.
const EMPTY: &str = "'";

/// A value as it is written.
pub(super) fn write(value: Option<&str>) -> Cow<'_, str> {
    match value {
        None => Cow::Borrowed(""),
        Some("") => Cow::Borrowed(EMPTY),
        Some(text) => guarded(text),
    }
}

/// The value of a field.
pub(super) fn read(field: &str) -> Option<&str> {
    (!field.is_empty()).then(|| unguarded(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_an_empty_text_are_told_apart() {
        for value in [None, Some(""), Some("'"), Some("=1"), Some("BYD")] {
            assert_eq!(read(&write(value)), value);
        }
        assert_eq!((write(None), write(Some(""))), ("".into(), "'".into()));
    }
}
