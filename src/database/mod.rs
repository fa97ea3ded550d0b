//! PostgreSQL: connections, migrations and what the driver's errors mean. Knows nothing of the market.

mod backup;
mod driver;
pub mod embedded;
mod gate;
mod open;
mod pool;

use chrono::{DateTime, Utc};

pub use gate::{Admission, Gate};
pub use open::{DatabaseUrl, Opened};
pub use pool::{Database, newest_migration, ping};

/// The oldest major version of PostgreSQL that the schema and its queries run on.
pub const OLDEST_MAJOR: u32 = 15;

/// What one statement read, with the version of the collection that it read from, in its own snapshot.
#[derive(Debug, Clone)]
pub struct Versioned<T> {
    /// The version of the collection.
    pub version: i64,
    /// When the collection last changed.
    pub changed_at: DateTime<Utc>,
    /// What was read.
    pub data: T,
}

impl<T> Versioned<T> {
    /// The same reading with its data turned into something else.
    pub fn map<U>(self, turn: impl FnOnce(T) -> U) -> Versioned<U> {
        Versioned { version: self.version, changed_at: self.changed_at, data: turn(self.data) }
    }
}
