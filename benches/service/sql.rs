//! A connection to a database of the market.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Decode, Postgres, Type};

use crate::Result;

/// A connection that waits for each answer.
pub struct Sql {
    runtime: tokio::runtime::Runtime,
    connection: PgConnection,
}

impl Sql {
    pub fn connect(options: &PgConnectOptions) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let connection = runtime.block_on(options.connect())?;
        Ok(Self { runtime, connection })
    }

    /// Runs statements without an answer.
    pub fn run(&mut self, statements: &str) -> Result<()> {
        let running = sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut self.connection);
        self.runtime.block_on(running)?;
        Ok(())
    }

    /// The only column of all rows.
    pub fn list<T>(&mut self, statement: &str) -> Result<Vec<T>>
    where
        T: for<'r> Decode<'r, Postgres> + Type<Postgres> + Send + Unpin,
    {
        let reading = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&mut self.connection);
        Ok(self.runtime.block_on(reading)?)
    }

    /// The only column of the only row.
    pub fn one<T>(&mut self, statement: &str) -> Result<T>
    where
        T: for<'r> Decode<'r, Postgres> + Type<Postgres> + Send + Unpin,
    {
        let mut rows = self.list(statement)?;
        if rows.len() == 1 {
            rows.pop().ok_or_else(|| "one row".into())
        } else {
            Err(format!("not one row: {statement}").into())
        }
    }
}

/// A list of texts as SQL; they are codes, which hold no quotes.
pub fn texts(of: &[String]) -> String {
    format!("ARRAY['{}']::text[]", of.join("','"))
}
