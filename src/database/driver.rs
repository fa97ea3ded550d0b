//! What the driver's errors mean to the service.

use crate::error::Error;

/// SQLSTATE `query_canceled`: the statement timeout ended it.
const QUERY_CANCELED: &str = "57014";

/// SQLSTATE `disk_full`: what was to be written has no room. Trying again helps only once somebody has made some.
const DISK_FULL: &str = "53100";

/// SQLSTATE classes in which trying again later may help: connections, resources, shutdown.
const TRANSIENT: [&str; 3] = ["08", "53", "57"];

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => match database.code().as_deref() {
                Some(QUERY_CANCELED) => Self::Timeout,
                Some(DISK_FULL) => Self::Full("there is no room on the database's disk".to_owned()),
                Some(code) if TRANSIENT.contains(&code.get(..2).unwrap_or_default()) => {
                    Self::Unavailable(error.to_string())
                }
                _ => Self::internal("the database refused a statement", error),
            },
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Tls(_) => Self::Unavailable(error.to_string()),
            _ => Self::internal("a statement failed", error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_connection_is_told_apart_from_a_fault() {
        assert!(matches!(Error::from(sqlx::Error::PoolTimedOut), Error::Unavailable(_)));
        assert!(matches!(Error::from(sqlx::Error::RowNotFound), Error::Internal { .. }));
    }
}
