//! Which database is used: the one that `DATABASE_URL` names, or the embedded server's. Never one in place of the other.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use super::embedded::{Embedded, Options};
use super::{Database, OLDEST_MAJOR, backup};
use crate::error::{Error, Result};

/// How long a server may take to answer the first connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// The name of the embedded server's database.
pub(super) const NAME: &str = "china_auto";

/// The address of a database. It may hold a password and is shown without it.
#[derive(Clone)]
pub struct DatabaseUrl(PgConnectOptions);

impl FromStr for DatabaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        // The driver's own words might quote the text.
        let wrong = || {
            Error::Startup("DATABASE_URL is not of the form postgres://user@host:port/database".to_owned())
        };
        if known { text.parse().map(Self).map_err(|_| wrong()) } else { Err(wrong()) }
    }
}

impl std::fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(options) = self;
        let database = options.get_database().unwrap_or(options.get_username());
        match options.get_socket() {
            Some(socket) => write!(f, "database {database} at {}", socket.display()),
            None => write!(f, "database {database} at {}:{}", options.get_host(), options.get_port()),
        }
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// A database that answers, and the server behind it where that is ours to stop.
#[derive(Debug)]
pub struct Opened {
    /// The database.
    pub database: Database,
    /// The embedded server; `None` where `DATABASE_URL` was given.
    pub embedded: Option<Embedded>,
    /// Which database it is and where, for the operator.
    pub described: String,
}

impl Opened {
    /// The database of somebody else's server.
    pub async fn external(url: &DatabaseUrl) -> Result<Self> {
        let DatabaseUrl(options) = url;
        let version = version(options).await.map_err(|error| match error {
            Error::Unavailable(reason) => Error::Startup(format!(
                "cannot connect to the {url}, which DATABASE_URL names: {reason}. Nothing else is tried: start that \
                 server, or correct DATABASE_URL, or unset it to have an embedded PostgreSQL."
            )),
            other => Error::Startup(format!("the {url}, which DATABASE_URL names, cannot be used: {other}")),
        })?;
        let described = format!("PostgreSQL {version}, {url}");
        Ok(Self { database: Database::new(options.clone()), embedded: None, described })
    }

    /// The embedded server of this process, for as long as it serves.
    pub async fn serving(options: Options) -> Result<Self> {
        Self::embedded(blocking(move || Embedded::start(&options)).await?).await
    }

    /// The embedded server of whichever process runs it, or of this one for its own length.
    pub async fn attached(options: Options) -> Result<Self> {
        Self::embedded(blocking(move || Embedded::attach_or_start(&options)).await?).await
    }

    /// The embedded server for this process alone: other commands wait for its end.
    pub async fn alone(options: Options) -> Result<Self> {
        Self::embedded(blocking(move || Embedded::start_alone(&options)).await?).await
    }

    async fn embedded(embedded: Embedded) -> Result<Self> {
        make_database(&embedded).await?;
        if embedded.pid().is_some() {
            backup::clear_up(&embedded).await;
        }
        let options = embedded.connect(NAME);
        let version = version(&options).await?;
        let described = format!("PostgreSQL {version}, embedded in {}", embedded.data_dir().display());
        Ok(Self { database: Database::new(options), embedded: Some(embedded), described })
    }

    /// Stops the server if it is ours.
    pub async fn close(self, within: Duration) -> Result<()> {
        let Some(embedded) = self.embedded else { return Ok(()) };
        blocking(move || {
            embedded.stop(within);
            Ok(())
        })
        .await
    }
}

/// Does what blocks on a thread that may wait.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::internal("running PostgreSQL", error))?
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    match tokio::time::timeout(CONNECT_WITHIN, PgConnection::connect_with(options)).await {
        Ok(connected) => Ok(connected?),
        Err(_) => Err(Error::Unavailable(format!("no answer within {CONNECT_WITHIN:?}"))),
    }
}

/// The server's version, refused if it is too old.
async fn version(options: &PgConnectOptions) -> Result<String> {
    let mut connection = connect(options).await?;
    let number = sqlx::query_scalar!(r#"SELECT current_setting('server_version_num')::int4 AS "number!""#);
    let number = number.fetch_one(&mut connection).await?;
    let name = sqlx::query_scalar!(r#"SELECT current_setting('server_version') AS "name!""#);
    let name = name.fetch_one(&mut connection).await?;
    connection.close().await?;
    check(number, &name)
}

fn check(number: i32, name: &str) -> Result<String> {
    let major = number / 10_000;
    if u32::try_from(major).is_ok_and(|major| major >= OLDEST_MAJOR) {
        return Ok(name.split(' ').next().unwrap_or_default().to_owned());
    }
    Err(Error::Startup(format!("the server is PostgreSQL {name}, and {OLDEST_MAJOR} or newer is needed")))
}

/// Makes the database where it is missing: the cluster is new, or its first start was interrupted.
async fn make_database(embedded: &Embedded) -> Result<()> {
    let mut connection = connect(&embedded.connect("postgres")).await?;
    let exists = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1) AS "exists!""#,
        NAME
    );
    if !exists.fetch_one(&mut connection).await? {
        // Encoding and collation are the cluster's, fixed when that was made.
        sqlx::query!("CREATE DATABASE china_auto").execute(&mut connection).await?;
    }
    Ok(connection.close().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_url_is_shown_without_its_password() {
        let url: DatabaseUrl =
            "postgres://reader:s3cret@db.example:5433/market?sslmode=disable".parse().unwrap();
        assert_eq!(url.to_string(), "database market at db.example:5433");
        assert_eq!(format!("{url:?}"), "DatabaseUrl(database market at db.example:5433)");
        let socket: DatabaseUrl = "postgres://reader@%2Frun%2Fpg/market".parse().unwrap();
        assert_eq!(socket.to_string(), "database market at /run/pg");
    }

    #[test]
    fn what_is_no_database_url_is_refused_without_being_repeated() {
        for text in ["s3cret", "mysql://me:s3cret@host/db", "postgres://me:s3cret@host:port/db"] {
            let refused = text.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(refused.contains("DATABASE_URL is not of the form"), "{refused}");
            assert!(!refused.contains("s3cret"), "{refused}");
        }
    }

    #[test]
    fn a_server_before_version_15_is_refused() {
        assert_eq!(check(150_013, "15.13 (Debian 15.13-0+deb12u1)").unwrap(), "15.13");
        let refused = check(140_009, "14.9").unwrap_err().to_string();
        assert!(refused.contains("PostgreSQL 14.9, and 15 or newer is needed"), "{refused}");
    }
}
