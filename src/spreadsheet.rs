//! Texts in CSV that a spreadsheet would take for a formula and run.
//!
//! A text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return and is no number gets a leading apostrophe, by which
//! spreadsheets know a text. So that reading is certain, a text that begins with an apostrophe gets another: whoever reads
//! takes one away where there is one.

use std::borrow::Cow;

/// What marks a text as a text.
const APOSTROPHE: char = '\'';

/// The text as a cell of a CSV file that is opened in a spreadsheet.
pub fn guarded(text: &str) -> Cow<'_, str> {
    if text.starts_with(APOSTROPHE) || is_formula(text) {
        Cow::Owned(format!("{APOSTROPHE}{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text of such a cell.
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix(APOSTROPHE).unwrap_or(cell)
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number(text)
}

/// Words like `inf`, which Rust reads as numbers, are none to a spreadsheet.
fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_and_apostrophes_get_an_apostrophe_and_nothing_else_does() {
        for formula in
            ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "-", "+inf", "'quoted'"]
        {
            assert_eq!(guarded(formula), format!("'{formula}"));
        }
        for text in ["", "-4.5", "+86", "-1e-5", "a=b", "1-2", "BYD", "比亚迪", " =1"] {
            assert_eq!(guarded(text), text);
        }
    }

    proptest! {
        #[test]
        fn what_was_guarded_is_read_back(text in "[=+@'\t\r0-9a.-]{0,6}") {
            let cell = guarded(&text).into_owned();
            prop_assert!(!is_formula(&cell));
            prop_assert_eq!(unguarded(&cell), text);
        }
    }
}
