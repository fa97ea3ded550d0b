//! PostgreSQL: connections, migrations and what the driver's errors mean. Knows nothing of the market.

mod driver;
mod pool;

pub use pool::Database;
