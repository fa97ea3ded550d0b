//! The audit: who did what, when and from where. It is added to in the transaction of what was done, and never changed.

use chrono::{DateTime, Utc};
use nix::unistd::{Uid, User};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;

use super::key::Key;
use crate::database::Versioned;
use crate::error::Result;
use crate::filter::{Known, Window, Words, filters};
use crate::words::words;

/// What is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A file or folder was sent or taken in.
    Import,
    /// An import was ended before it was done.
    ImportCancelled,
    /// A release, or all of an import, was withdrawn.
    Withdrawal,
    /// A dataset was described.
    DatasetCreated,
    /// A dataset was made to exist for some keys only.
    DatasetRestricted,
    /// A dataset was made to exist for everybody.
    DatasetPublished,
    /// A key was made.
    KeyCreated,
    /// A key was revoked.
    KeyRevoked,
}

impl Action {
    /// The word of each.
    pub const WORDS: [&'static str; 8] = [
        "import",
        "import.cancelled",
        "withdrawal",
        "dataset.created",
        "dataset.restricted",
        "dataset.published",
        "key.created",
        "key.revoked",
    ];

    const fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The beginning and name of the key; `anonymous`; or the user of the command line.
    pub name: String,
    /// The key; `None` without one.
    pub key: Option<i32>,
    /// The address that the request came from; `None` on the command line.
    pub address: Option<String>,
    /// The id of the request.
    pub request_id: Option<String>,
}

impl Actor {
    /// Whoever runs this program.
    pub fn of_command_line() -> Self {
        let uid = Uid::effective();
        let user = User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name);
        Self { name: format!("command line, {user}"), key: None, address: None, request_id: None }
    }

    /// Who sent a request: with a key, or without.
    pub fn of_request(key: Option<&Key>, address: Option<String>, request_id: String) -> Self {
        let name = key.map_or("anonymous".to_owned(), |key| format!("{}, {}", key.prefix, key.name));
        Self { name, key: key.map(|key| key.id), address, request_id: Some(request_id) }
    }
}

/// Notes what was done to what, with what else is to be said of it.
pub async fn note(
    connection: &mut PgConnection,
    action: Action,
    (subject, detail): (&str, Option<&str>),
    by: &Actor,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO audit (at, action, subject, actor, key_id, address, request_id, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        at,
        action.word(),
        subject,
        by.name,
        by.key,
        by.address,
        by.request_id,
        detail,
    )
    .execute(connection)
    .await?;
    Ok(())
}

filters! {
    /// Which entries of the audit. Several values of one parameter, separated by commas, are alternatives; parameters together must all
    /// hold.
    pub struct AuditFilter {
        /// What was done.
        action: Words = "withdrawal,key.revoked",
    }
}

/// The words that the filter may name.
pub fn known() -> Known {
    Known::default().with("action", &Action::WORDS)
}

words! {
    /// What was done. `import`: a file was sent or taken in, however that ended; `withdrawal`: of a release or a whole import.
    AuditedAction = Action::WORDS;
}

/// Something that was done.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Its number; later entries have larger ones, with gaps.
    #[schema(example = 12)]
    pub id: i64,
    /// When, by the clock of whoever did it.
    pub at: DateTime<Utc>,
    /// What was done.
    #[schema(value_type = AuditedAction)]
    pub action: String,
    /// What it was done to: `import 7`, `release 930`, a dataset's name, the beginning of a key.
    #[schema(example = "release 930")]
    pub subject: String,
    /// Who did it: the beginning and name of a key, `anonymous`, or the user of the command line.
    #[schema(example = "ca_5f0c91d2, loader")]
    pub actor: String,
    /// The address that the request came from; null on the command line.
    pub address: Option<String>,
    /// The id of the request, by which the log knows it; null on the command line.
    pub request_id: Option<String>,
    /// What else is to be said: the file's name, why something was withdrawn, what a key may do.
    pub detail: Option<String>,
}

/// A page of the audit, the newest first.
pub async fn entries(
    pool: &PgPool,
    filter: &AuditFilter,
    window: &Window,
) -> Result<Versioned<Vec<AuditEntry>>> {
    let row = sqlx::query!(
        r#"SELECT coalesce(max(a.audit_id), 0) AS "version!", coalesce(max(a.at), now()) AS "changed_at!", (
             SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.id DESC), '[]') FROM (
               SELECT audit_id AS id, at, action, subject, actor, address, request_id, detail FROM audit
               WHERE ($1::text[] IS NULL OR action = ANY($1)) AND ($2::integer IS NULL OR audit_id < $2)
               ORDER BY audit_id DESC LIMIT $3
             ) p) AS "data!: Json<Vec<AuditEntry>>"
           FROM audit a"#,
        filter.action.as_deref(),
        window.number(0),
        window.rows,
    );
    let row = row.fetch_one(pool).await?;
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data: row.data.0 })
}
