//! What the list of imports can be filtered by.

use crate::filter::{Known, Words, filters};

/// The kinds of imports.
pub const KINDS: [&str; 3] = ["bundled", "file", "generated"];

/// What may be the state of an import.
pub const STATES: [&str; 8] =
    ["waiting", "running", "done", "checked", "refused", "known", "failed", "cancelled"];

filters! {
    /// Which imports. Several values of one parameter, separated by commas, are alternatives; parameters together must all hold.
    pub struct ImportFilter {
        /// States: `waiting` and `running` are on their way.
        state: Words = "waiting,running",
        /// `bundled` with the service, `file` for what was sent or imported, `generated` for what was made up for load tests.
        kind: Words = "file",
    }
}

/// The words that the filters may name.
pub fn known() -> Known {
    Known::default().with("state", &STATES).with("kind", &KINDS)
}
