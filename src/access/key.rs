//! What a key stands for.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::catalog::Sight;
use crate::error::{Error, Result};

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// To read the public datasets and its own.
    Read,
    /// To send files for its datasets and to take back what came of them; and to read.
    Write,
    /// To read the audit and everything else; and to write.
    Admin,
}

impl Scope {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let all = [Self::Read, Self::Write, Self::Admin];
        all.into_iter()
            .find(|scope| scope.word() == text)
            .ok_or_else(|| format!("{text:?} is no scope; there are read, write and admin"))
    }
}

/// A key, without its text.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its number.
    pub id: i32,
    /// What it is called.
    pub name: String,
    /// The beginning of its text, by which people know it.
    pub prefix: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// The restricted datasets that it may read, and the datasets that it may write; `None` is all.
    pub datasets: Option<Vec<String>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it is of no use; `None` is never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked; `None` where it was not.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute; `None` where it was not.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Key {
    /// Why it is of no use at a moment; `None` where it is.
    pub fn fault(&self, now: DateTime<Utc>) -> Option<&'static str> {
        match (self.revoked_at, self.expires_at) {
            (Some(_), _) => Some("was revoked"),
            (None, Some(at)) if at <= now => Some("has expired"),
            _ => None,
        }
    }

    /// Whether it may be used for this: who may write may read, and who administers may do both.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|own| *own >= scope)
    }

    /// What it may see. Who administers sees everything.
    pub fn sight(&self) -> Sight {
        if self.may(Scope::Admin) { Sight::All } else { Sight::of(self.datasets.as_deref()) }
    }

    /// What it may write, where it may write at all.
    pub fn permit(&self) -> Permit {
        match &self.datasets {
            Some(datasets) if !self.may(Scope::Admin) => Permit::Datasets(datasets.clone()),
            _ => Permit::All,
        }
    }
}

/// Which datasets somebody may write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permit {
    /// All, and lists and records beside them.
    All,
    /// These.
    Datasets(Vec<String>),
    /// Whatever is not restricted: who has no key, where that may write.
    Public,
}

impl Permit {
    /// The datasets that alone may be written; `None` where it is not told by a list.
    pub fn datasets(&self) -> Option<&[String]> {
        if let Self::Datasets(datasets) = self { Some(datasets) } else { None }
    }

    /// Refuses a dataset or collection that may not be written by who sees it, or names it: who has no key sees nothing restricted.
    pub fn check_seen(&self, collection: &str) -> Result<()> {
        self.check(collection, false)
    }

    /// Refuses a dataset or collection that may not be written; `is_restricted` says whether it exists for some callers only.
    pub fn check(&self, collection: &str, is_restricted: bool) -> Result<()> {
        match self {
            Self::All => Ok(()),
            Self::Public if !is_restricted => Ok(()),
            Self::Datasets(datasets) if datasets.iter().any(|own| own == collection) => Ok(()),
            Self::Datasets(datasets) => Err(Error::Forbidden(format!(
                "this key may not write {collection:?}; it may write {}",
                datasets.join(", ")
            ))),
            Self::Public => Err(Error::Forbidden(format!("{collection:?} cannot be written without a key"))),
        }
    }
}

/// Which imports a caller may see beside those that brought only what it may see: all, or those that it sent.
#[derive(Debug, Clone, Copy)]
pub struct Seeing {
    /// Whether it may see all.
    pub all: bool,
    /// Its key; `None` without one.
    pub key: Option<i32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(scopes: &[Scope], datasets: Option<&[&str]>) -> Key {
        Key {
            id: 1,
            name: "one".to_owned(),
            prefix: "ca_00000000".to_owned(),
            scopes: scopes.to_vec(),
            datasets: datasets.map(|all| all.iter().map(|one| (*one).to_owned()).collect()),
            created_at: DateTime::UNIX_EPOCH,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        }
    }

    #[test]
    fn a_wider_scope_has_the_narrower_ones_in_it() {
        let may = |own, scope| key(&[own], None).may(scope);
        assert!(
            may(Scope::Admin, Scope::Read)
                && may(Scope::Admin, Scope::Write)
                && may(Scope::Write, Scope::Read)
        );
        assert!(!may(Scope::Read, Scope::Write) && !may(Scope::Write, Scope::Admin));
        for scope in [Scope::Read, Scope::Write, Scope::Admin] {
            assert_eq!(scope.word().parse(), Ok(scope));
        }
    }

    #[test]
    fn a_key_sees_and_writes_its_datasets_and_an_administrator_all() {
        let own = key(&[Scope::Write], Some(&["own"]));
        assert_eq!(own.sight(), Sight::of(Some(&["own".to_owned()])));
        assert!(own.permit().check("own", true).is_ok());
        let refused = own.permit().check("production", false).unwrap_err().to_string();
        assert_eq!(refused, "this key may not write \"production\"; it may write own");
        let admin = key(&[Scope::Admin], Some(&["own"]));
        assert_eq!((admin.sight(), admin.permit()), (Sight::All, Permit::All));
        assert!(Permit::Public.check("production", false).is_ok());
        assert!(Permit::Public.check("own", true).is_err());
    }

    #[test]
    fn a_key_is_of_no_use_from_its_end_on() {
        let mut key = key(&[Scope::Read], None);
        let day = |text: &str| text.parse().unwrap();
        key.expires_at = Some(day("2026-12-01T00:00:00Z"));
        assert_eq!(key.fault(day("2026-11-30T23:59:59Z")), None);
        assert_eq!(key.fault(day("2026-12-01T00:00:00Z")), Some("has expired"));
        key.revoked_at = Some(day("2026-11-30T00:00:00Z"));
        assert_eq!(key.fault(day("2026-11-30T00:00:01Z")), Some("was revoked"));
    }
}
