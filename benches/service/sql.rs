//! A connection to a database of the market.

use std::fs::{self, File};
use std::io::{BufWriter, Read as _, Write as _};
use std::path::Path;

use futures_util::TryStreamExt as _;
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

    /// Writes the rows of a query to a file as CSV, which is there whole or not at all.
    pub fn copy_out(&mut self, query: &str, path: &Path) -> Result<()> {
        let statement = format!("COPY ({query}) TO STDOUT (FORMAT csv, HEADER)");
        fs::create_dir_all(path.parent().ok_or("a file in a folder")?)?;
        let unfinished = path.with_extension("unfinished");
        let mut file = BufWriter::new(File::create(&unfinished)?);
        let connection = &mut self.connection;
        self.runtime.block_on(async {
            let mut rows = connection.copy_out_raw(&statement).await?;
            while let Some(bytes) = rows.try_next().await? {
                file.write_all(&bytes)?;
            }
            Result::Ok(())
        })?;
        file.flush()?;
        Ok(fs::rename(unfinished, path)?)
    }

    /// Runs a `COPY … FROM STDIN` with what is in a file.
    pub fn copy_in(&mut self, statement: &str, path: &Path) -> Result<()> {
        let mut file = File::open(path)?;
        let connection = &mut self.connection;
        self.runtime.block_on(async {
            let mut rows = connection.copy_in_raw(statement).await?;
            let mut buffer = vec![0; 1 << 20];
            loop {
                let read = file.read(&mut buffer)?;
                if read == 0 {
                    break;
                }
                rows.send(&buffer[..read]).await?;
            }
            rows.finish().await?;
            Ok(())
        })
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
