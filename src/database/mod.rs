//! PostgreSQL: connections, migrations and what the driver's errors mean. Knows nothing of the market.

mod driver;
mod pool;

use chrono::{DateTime, Utc};

pub use pool::{Database, ping};

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
